import { connect } from 'node:net'
import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { figure } from '../contracts/opened-store.ts'
import { MEASURED, quantile, tokenFor } from '../figures/measuring.ts'
import { beginRequest, createClient, refused } from '../system/client.ts'
import { handOver } from '../system/handing-over.ts'
import { pace } from '../system/paced.ts'
import { cleanUp, startServer } from '../system/process.ts'
import { Cluster } from './cluster.ts'
import { report } from './report.ts'

const RATE = 200
const [GRACE, UNDER_WAY] = [10, 3]

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('stopping and handing over', function () {
  this.timeout(180_000)
  let cluster: Cluster

  before(async () => {
    cluster = await Cluster.start()
  })
  afterEach(cleanUp)
  after(() => cluster.remove())

  const starting = async () => startServer({ ...MEASURED, DATABASE_URL: cluster.ordinaryUrlOf(await cluster.database()), SHUTDOWN_GRACE: String(GRACE) })

  it('OPS-17 RUN-05 under load with a request under way: none that was let in fails, and the end comes within the grace', async () => {
    const server = await starting()
    const client = createClient(server.url, tokenFor('ada'), 64)
    const pacing = pace(RATE, (at) => (at % 2 === 0 ? client.send('GET', '/api/tasks') : client.send('POST', '/api/tasks', { title: 'x' })))
    await pause(2_000)
    const slow = await beginRequest(server.url, tokenFor('ada'))
    const ready = await begun(server.url)
    const signalled = performance.now()
    server.signal('SIGTERM')
    await refused(server.url)
    const answer = await ready.ask()
    const toldAfter = performance.now() - signalled
    await pause(UNDER_WAY * 1_000 - toldAfter)
    slow.finish()
    const [{ code }, written] = await Promise.all([server.ended, slow.closed])
    const ended = performance.now() - signalled
    const all = await pacing.stop()
    client.close()
    const letIn = all.filter(({ exchange }) => !('failed' in exchange) || exchange.begun)
    const lost = all.filter(({ exchange, begun }) => 'failed' in exchange && exchange.failed !== 'ECONNREFUSED' && begun < signalled)
    const broken = letIn.filter(({ exchange }) => 'failed' in exchange || !exchange.whole || ![200, 201].includes(exchange.status))
    report(
      `SIGTERM under ${RATE} requests a second: ${letIn.length} let in, ${broken.length} of them failed, ${lost.length} begun before it and not taken; ` +
        `ready ${answer.slice(9, 12)} after ${toldAfter.toFixed(0)} ms; exit ${code} after ${ended.toFixed(0)} ms, a request of ${UNDER_WAY} s under way`,
    )
    expect(written).to.match(/HTTP\/1\.1 201 /)
    expect([broken, lost]).to.deep.equal([[], []])
    expect(answer).to.match(/^HTTP\/1\.1 503 /)
    expect(code).to.equal(0)
    expect(ended).to.be.within(UNDER_WAY * 1_000 - 100, GRACE * 1_000)
  })

  it('RUN-06 another signal a second later ends it at once', async () => {
    const server = await starting()
    const slow = await beginRequest(server.url, tokenFor('ada'))
    server.signal('SIGTERM')
    await pause(1_100)
    const again = performance.now()
    server.signal('SIGTERM')
    const { code } = await server.ended
    const ended = performance.now() - again
    await slow.closed
    report(`a second SIGTERM ends it with ${code} after ${ended.toFixed(0)} ms`)
    expect(code).to.equal(1)
    expect(ended).to.be.lessThan(500)
  })

  it('OPS-18 five times in a minute one process takes over from another: no request fails', async () => {
    const url = cluster.ordinaryUrlOf(await cluster.database())
    const { all, failures, ends } = await handOver(url, { rate: RATE, times: figure(5, 2), resting: figure(9_000, 500) })
    const times = all.map(({ ms }) => ms)
    report(
      `${ends.length} hand-overs under ${RATE} requests a second: ${failures.length} of ${all.length} failed, p99 ${quantile(times, 0.99).toFixed(0)}, most ${Math.max(...times).toFixed(0)} ms; ` +
        `the one before ended within ${Math.max(...ends).toFixed(0)} ms`,
    )
    expect(failures).to.deep.equal([])
  })
})

/** A connection on which all but the last two bytes of a request have been sent. */
async function begun(url: string): Promise<{ ask(): Promise<string> }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.setEncoding('utf8').on('data', (text: string) => (received += text))
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(received)))
  await new Promise<void>((resolve) => socket.write(`GET /api/health/ready HTTP/1.1\r\nHost: ${hostname}\r\n`, () => resolve()))
  return {
    ask() {
      socket.write('\r\n')
      return closed
    },
  }
}

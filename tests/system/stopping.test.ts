import { connect, createServer } from 'node:net'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { allIds, beginRequest, createClient, refused, startWriting } from './client.ts'
import { cleanUp, freshDirectory, LONG, MAIN, NPM_START, openedDirectory, start, startServer, tokenOf } from './process.ts'

const UNDER_LOAD = LONG ? 400 : 60

describe('a signal', function () {
  this.timeout(120_000)
  afterEach(cleanUp)

  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    // All four with the full figures: a terminal sends SIGINT to the group, a supervisor SIGTERM to npm.
    for (const whom of LONG ? (['alone', 'group'] as const) : ([name === 'SIGINT' ? 'group' : 'alone'] as const)) {
      it(`RUN-05 RUN-06 ${name} to npm start (${whom}) under load: exit 0, every answer whole, every acknowledged write kept`, async () => {
        const DATA_DIR = await openedDirectory()
        const server = await startServer({ DATA_DIR }, NPM_START)
        const client = createClient(server.url, tokenOf(server))
        const writers = startWriting(client, 16)
        await writers.reached(UNDER_LOAD)
        server.signal(name, whom)
        const [{ code, signal, stderr }] = await Promise.all([server.ended, writers.ended])
        client.close()
        expect([code, signal], stderr).to.deep.equal([0, null])
        for (const exchange of writers.exchanges) {
          if ('failed' in exchange) expect(exchange.begun, JSON.stringify(exchange)).to.equal(false)
          else expect(exchange).to.include({ status: 201, whole: true })
        }
        const again = await startServer({ DATA_DIR })
        const reader = createClient(again.url, tokenOf(again))
        const there = await allIds(reader)
        reader.close()
        expect([...writers.acknowledged].filter((id) => !there.has(id))).to.deep.equal([])
      })
    }
  }

  it('RUN-05 lets a request finish that is under way, and takes no new connection', async () => {
    const server = await startServer({ DATABASE_URL: 'memory:', LOG_LEVEL: 'info' })
    const request = await beginRequest(server.url, tokenOf(server))
    server.signal('SIGTERM')
    await refused(server.url)
    request.finish()
    expect(await request.closed).to.match(/HTTP\/1\.1 201 [\s\S]*"title":"slow"[\s\S]*\}$/)
    expect((await server.ended).code).to.equal(0)
  })

  it('OPS-17 is told by readiness, and a request that crosses with it on a kept-alive connection is answered as the last one', async () => {
    const server = await startServer({ DATABASE_URL: 'memory:' })
    const { hostname, port } = new URL(server.url)
    const open = async (bytes: string) => {
      const socket = connect(Number(port), hostname)
      const heard = { text: '' }
      socket.setEncoding('utf8').on('data', (text: string) => (heard.text += text))
      const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(heard.text)))
      await new Promise<void>((sent) => socket.write(bytes, () => sent()))
      return { socket, closed }
    }
    const head = `Host: ${hostname}\r\n`
    const kept = await open(`GET /api/health/live HTTP/1.1\r\n${head}\r\n`)
    await new Promise((resolve) => kept.socket.once('data', resolve))
    const idle = await open(`GET /api/health/live HTTP/1.1\r\n${head}\r\n`)
    await new Promise((resolve) => idle.socket.once('data', resolve))
    const begun = await open(`GET /api/health/ready HTTP/1.1\r\n${head}`)
    server.signal('SIGTERM')
    await refused(server.url)
    begun.socket.write('\r\n')
    kept.socket.write(`GET /api/health/live HTTP/1.1\r\n${head}\r\n`)
    expect(await begun.closed).to.match(/^HTTP\/1\.1 503 /)
    expect((await kept.closed).split('HTTP/1.1 200 OK')).to.have.lengthOf(3)
    expect(await kept.closed).to.match(/Connection: close/)
    expect((await idle.closed).split('HTTP/1.1 200 OK')).to.have.lengthOf(2)
    expect((await server.ended).code).to.equal(0)
  })

  it('RUN-05 waits no longer than SHUTDOWN_GRACE', async () => {
    const server = await startServer({ DATABASE_URL: 'memory:', SHUTDOWN_GRACE: '1' })
    const request = await beginRequest(server.url, tokenOf(server))
    const sent = performance.now()
    server.signal('SIGTERM')
    const { code } = await server.ended
    const took = performance.now() - sent
    await request.closed
    expect(code).to.equal(0)
    expect(took).to.be.within(900, 4_000)
  })

  it('RUN-06 twice within a second is once; later again it ends the process at once', async () => {
    const server = await startServer({ DATABASE_URL: 'memory:', SHUTDOWN_GRACE: '60' })
    const request = await beginRequest(server.url, tokenOf(server))
    const first = performance.now()
    server.signal('SIGTERM')
    server.signal('SIGTERM')
    await refused(server.url)
    server.signal('SIGINT')
    // The clock is what is tested: nothing the server does tells that a second has gone by.
    await new Promise((resolve) => setTimeout(resolve, 1_100 - (performance.now() - first)))
    server.signal('SIGINT')
    const { code, ms } = await server.ended
    await request.closed
    expect(code).to.equal(1)
    expect(performance.now() - first).to.be.within(1_000, 5_000)
    expect(ms).to.be.greaterThan(1_000)
  })

  it('RUN-05 while it starts ends the start', async () => {
    // A database that takes the connection and then says nothing.
    const silent = createServer((socket) => socket.resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const asked = new Promise((resolve) => silent.once('connection', resolve))
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const starting = start(MAIN, { PORT: '0', DATA_DIR: freshDirectory(), DATABASE_URL: `postgres://ordinary:ordinary@127.0.0.1:${port}/tasks` })
    await asked
    starting.signal('SIGTERM')
    const { code, stdout, stderr } = await starting.ended
    silent.close()
    expect([code, stdout, stderr]).to.deep.equal([0, '', ''])
  })
})

import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { MEASURED, quantile, tokenFor } from '../figures/measuring.ts'
import { createClient } from '../system/client.ts'
import { failuresIn, pace } from '../system/paced.ts'
import { cleanUp, freshDirectory, type Server, startServer } from '../system/process.ts'
import { Cluster } from './cluster.ts'
import { report } from './report.ts'

/** As Debian packages it; without it the slow clients of `clients.fire.ts` are all there are. */
const IS_INSTALLED = spawnSync('slowhttptest', ['-h']).error === undefined

interface Attack {
  readonly what: string
  readonly args: readonly string[]
  /** Seconds from the beginning after which none is connected any more: a second to connect them all, and one that the tool's clock is coarse by. */
  readonly within?: number
}

const ATTACKS: readonly Attack[] = [
  { what: 'slow headers (-H)', args: ['-H', '-r', '500', '-i', '2'], within: 10 + 1 + 2 },
  { what: 'slow bodies (-B)', args: ['-B', '-r', '500', '-i', '2', '-f', 'application/json'], within: 15 + 1 + 2 },
  // Each asks for the whole OpenAPI document five times as soon as it is there: all within one second would be a flood, which is another matter.
  { what: 'slow reading (-X)', args: ['-X', '-r', '100', '-k', '5', '-w', '512', '-y', '1024', '-n', '5', '-z', '32'] },
]

describe('slowhttptest', function () {
  this.timeout(120_000)
  let cluster: Cluster

  before(async () => {
    if (!IS_INSTALLED) report('slowhttptest is not installed: slow clients are ours alone')
    cluster = await Cluster.start()
  })
  afterEach(cleanUp)
  after(() => cluster.remove())

  for (const attack of IS_INSTALLED ? ATTACKS : []) {
    it(`OPS-15 500 of its clients, ${attack.what}, keep no other from its answer`, async () => {
      const server = await startServer({ ...MEASURED, DATABASE_URL: cluster.ordinaryUrlOf(await cluster.database()) })
      const client = createClient(server.url, tokenFor('bob'))
      expect(await client.send('POST', '/api/tasks', { title: 'x' })).to.include({ status: 201 })
      const pacing = pace(50, () => client.send('GET', '/api/tasks'))
      const seconds = await attacked(server, attack)
      const normal = await pacing.stop()
      client.close()
      const p99 = quantile(
        normal.map(({ ms }) => ms),
        0.99,
      )
      const [most, last] = [Math.max(...seconds.map(({ connected }) => connected)), seconds.findLast(({ connected }) => connected > 0)?.second ?? 0]
      report(
        `slowhttptest, 500 of ${attack.what}: ${most} connected at most, the last until second ${last}; ` +
          `beside them ${failuresIn(normal, [200]).length} of ${normal.length} requests failed, p99 ${p99.toFixed(0)} ms`,
      )
      expect(most).to.be.greaterThan(250)
      expect(failuresIn(normal, [200])).to.deep.equal([])
      expect(p99).to.be.lessThan(200)
      expect(seconds.filter(({ isServing }) => !isServing)).to.deep.equal([])
      if (attack.within !== undefined) expect(last).to.be.at.most(attack.within)
    })
  }
})

interface Second {
  readonly second: number
  readonly connected: number
  /** Whether a request of the tool's own was answered. */
  readonly isServing: boolean
}

/** What the tool saw, second by second. Its cookie brings the token along: it has no way to say any other header. */
async function attacked({ url }: Server, { args }: Attack): Promise<readonly Second[]> {
  const prefix = join(freshDirectory(), 'slow')
  const cookie = `a=1\r\nAuthorization: Bearer ${tokenFor('ada')}`
  const path = args.includes('-X') ? '/api/openapi.json' : '/api/tasks'
  const common = ['-c', '500', '-l', '20', '-p', '3', '-g', '-o', prefix, '-j', cookie, '-u', url + path]
  const tool = spawn('slowhttptest', [...args, ...common], { stdio: 'ignore' })
  await new Promise((ended) => tool.once('close', ended))
  const [, ...lines] = readFileSync(`${prefix}.csv`, 'utf8').trim().split('\n')
  return lines.map((line) => {
    const [second, , , connected, serving] = line.split(',').map(Number)
    return { second: second ?? 0, connected: connected ?? 0, isServing: (serving ?? 0) > 0 }
  })
}

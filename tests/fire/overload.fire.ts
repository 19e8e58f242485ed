import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { fillings, ownerAt } from '../../bench/fill.ts'
import { figure } from '../contracts/opened-store.ts'
import { freePort, runOn } from '../databases.ts'
import { MEASURED, processorOf, quantile, residentOf, tokenFor } from '../figures/measuring.ts'
import { createClient } from '../system/client.ts'
import { failuresIn, pace } from '../system/paced.ts'
import { cleanUp, MAIN, start, startServer } from '../system/process.ts'
import { Cluster } from './cluster.ts'
import { type Flood, flooded, getting, type Seen } from './flood.ts'
import { report } from './report.ts'

const TASKS = 20_000
const OWNERS = 150
const IN_FLIGHT = '512'
const POOL = '10'

/** One of the two servers, and how its requests say whose they are. */
interface Side {
  readonly url: string
  readonly pid: number
  readonly texts: readonly string[]
}

/** What was seen from without while it was flooded. */
interface Flooded extends Seen {
  /** Answers a second that were accepted. */
  readonly goodput: number
  /** Milliseconds of `/api/health/live`: 99 in 100 of those that were begun while it was counted, and the longest of all, while connections were made too; how many failed. */
  readonly live: number
  readonly liveAtMost: number
  readonly failures: number
  /** Seconds of processor time, and bytes in memory at most. */
  readonly used: number
  readonly memory: number
}

type Beside = readonly [before: Flooded, own: Flooded, after: Flooded]

/** Between what the bare server gave before and afterwards. */
const ofBare = ([before, , after]: Beside, figureOf: (one: Flooded) => number): number => (figureOf(before) + figureOf(after)) / 2

describe('overload', function () {
  this.timeout(300_000)
  let cluster: Cluster
  let ours: Side
  let bare: Side

  before(async () => {
    cluster = await Cluster.start(['max_connections=60', 'shared_buffers=256MB'])
    const name = await cluster.database()
    const server = await startServer({ ...MEASURED, DATABASE_URL: cluster.ordinaryUrlOf(name), MAX_IN_FLIGHT: IN_FLIGHT, DATABASE_POOL: POOL })
    for (const [, sql] of fillings(TASKS)) await runOn(cluster.urlOf(name), sql)
    ours = { ...server, texts: textsBy((owner) => `Authorization: Bearer ${tokenFor(owner)}`) }
    bare = { ...(await startBare(cluster.urlOf(name))), texts: textsBy((owner) => `Owner: ${owner}`) }
  })
  after(async () => {
    await cleanUp()
    await cluster.remove()
  })

  it('OPS-10 OPS-11 three times the rate that either can bear', async () => {
    const seen = await beside({ connections: 64, warming: 2, seconds: figure(8, 2) })
    const rate = 3 * Math.max(...seen.map(({ goodput }) => goodput))
    holds(`${rate.toFixed(0)} requests a second`, await beside({ connections: 3_000, rate, warming: 2, seconds: figure(60, 3) }))
  })

  it('OPS-10 OPS-11 600 connections', async () => {
    const seen = await beside({ connections: 600, warming: 2, seconds: figure(10, 3) })
    holds('600 connections', seen)
    expect(seen[1].accepted.p99).to.be.at.most(500)
  })

  it('OPS-10 OPS-11 2,000 connections', async () => {
    const seen = await beside({ connections: 2_000, warming: 3, seconds: figure(10, 3) })
    holds('2,000 connections', seen)
    expect(seen[1].accepted.p99).to.be.at.most(ofBare(seen, ({ accepted }) => accepted.p99))
  })

  /** The bare server for half the time before ours and for half of it afterwards: the machine is not as fast the whole time. */
  async function beside(flood: Omit<Flood, 'port' | 'texts'>): Promise<Beside> {
    const half = { ...flood, seconds: flood.seconds / 2 }
    return [await underFlood(bare, half), await underFlood(ours, flood), await underFlood(bare, half)]
  }
})

const textsBy = (identity: (owner: string) => string): readonly string[] =>
  Array.from({ length: OWNERS }, (_, at) => getting('/api/tasks', `${identity(ownerAt(at))}\r\n`))

async function startBare(DATABASE_URL: string): Promise<Pick<Side, 'url' | 'pid'>> {
  const PORT = String(await freePort())
  const { pid } = start([MAIN[0], 'bench/servers/bare.ts'], { PORT, DATABASE_URL, POOL, MAX_IN_FLIGHT: IN_FLIGHT })
  const url = `http://127.0.0.1:${PORT}`
  const client = createClient(url, '')
  while ('failed' in (await client.send('GET', '/nothing')));
  client.close()
  return { url, pid }
}

async function underFlood({ url, pid, texts }: Side, flood: Omit<Flood, 'port' | 'texts'>): Promise<Flooded> {
  let memory = 0
  const used = processorOf(pid)
  const sampling = setInterval(() => (memory = Math.max(memory, residentOf(pid))), 250)
  const client = createClient(url, '', 50)
  const pacing = pace(50, () => client.send('GET', '/api/health/live'))
  const counted = performance.now() + 1_000 * flood.warming
  const seen = await flooded({ ...flood, port: Number(new URL(url).port), texts })
  clearInterval(sampling)
  const looks = await pacing.stop()
  client.close()
  return {
    ...seen,
    goodput: seen.accepted.count / flood.seconds,
    live: quantile(
      looks.filter(({ begun }) => begun > counted).map(({ ms }) => ms),
      0.99,
    ),
    liveAtMost: Math.max(...looks.map(({ ms }) => ms)),
    failures: failuresIn(looks, [200]).length,
    used: processorOf(pid) - used,
    memory,
  }
}

function told(what: string, seen: Beside): void {
  report(`${what}: goodput ${(seen[1].goodput / ofBare(seen, ({ goodput }) => goodput)).toFixed(2)} of the bare server's`)
  for (const [at, { goodput, accepted, refused, statuses, lost, unsent, open, live, liveAtMost, used, memory }] of seen.entries()) {
    const name = at === 1 ? 'ours' : 'bare'
    report(
      `  ${name}: ${goodput.toFixed(0)} accepted a second, p50 ${accepted.p50.toFixed(0)}, p99 ${accepted.p99.toFixed(0)} ms; ${JSON.stringify(statuses)}, refused p99 ${refused.p99.toFixed(0)} ms; ` +
        `${lost} lost, ${unsent} not sent, ${open} connections; ${name === 'ours' ? `live p99 ${live.toFixed(0)}, most ${liveAtMost.toFixed(0)} ms, ` : ''}${used.toFixed(1)} s, ${(memory / 1e6).toFixed(0)} MB`,
    )
  }
}

/** What is wanted of each flood: OPS-10 and OPS-11. */
function holds(what: string, seen: Beside): void {
  told(what, seen)
  const [, own] = seen
  expect(Object.keys(own.statuses).filter((status) => !['200', '429', '503'].includes(status))).to.deep.equal([])
  expect([own.lost, own.failures]).to.deep.equal([0, 0])
  expect(own.memory).to.be.lessThan(300e6)
  expect(own.goodput).to.be.at.least(0.8 * ofBare(seen, ({ goodput }) => goodput))
  expect(own.live).to.be.lessThan(100)
}

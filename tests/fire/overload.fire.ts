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
    const saturating = Math.max(...(await beside({ connections: 64, warming: 2, seconds: figure(8, 2) })).map(({ goodput }) => goodput))
    const [theirs, own] = await beside({ connections: 3_000, rate: 3 * saturating, warming: 2, seconds: figure(60, 3) })
    told(`${(3 * saturating).toFixed(0)} requests a second`, theirs, own)
    holds(theirs, own)
  })

  it('OPS-10 OPS-11 600 connections', async () => {
    const [theirs, own] = await beside({ connections: 600, warming: 2, seconds: figure(10, 3) })
    told('600 connections', theirs, own)
    holds(theirs, own)
    expect(own.accepted.p99).to.be.at.most(500)
  })

  it('OPS-10 OPS-11 2,000 connections', async () => {
    const [theirs, own] = await beside({ connections: 2_000, warming: 3, seconds: figure(10, 3) })
    told('2,000 connections', theirs, own)
    holds(theirs, own)
    expect(own.accepted.p99).to.be.at.most(theirs.accepted.p99)
  })

  /** The bare server, and then ours. */
  async function beside(flood: Omit<Flood, 'port' | 'texts'>): Promise<readonly [theirs: Flooded, own: Flooded]> {
    return [await underFlood(bare, flood), await underFlood(ours, flood)]
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

function told(what: string, theirs: Flooded, own: Flooded): void {
  report(`${what}: goodput ${(own.goodput / theirs.goodput).toFixed(2)} of the bare server's`)
  for (const [name, { goodput, accepted, refused, statuses, lost, unsent, open, live, liveAtMost, used, memory }] of [
    ['bare', theirs],
    ['ours', own],
  ] as const) {
    report(
      `  ${name}: ${goodput.toFixed(0)} accepted a second, p50 ${accepted.p50.toFixed(0)}, p99 ${accepted.p99.toFixed(0)} ms; ${JSON.stringify(statuses)}, refused p99 ${refused.p99.toFixed(0)} ms; ` +
        `${lost} lost, ${unsent} not sent, ${open} connections; ${name === 'ours' ? `live p99 ${live.toFixed(0)}, most ${liveAtMost.toFixed(0)} ms, ` : ''}${used.toFixed(1)} s, ${(memory / 1e6).toFixed(0)} MB`,
    )
  }
}

/** What is wanted of each flood: OPS-10 and OPS-11. */
function holds(theirs: Flooded, own: Flooded): void {
  expect(Object.keys(own.statuses).filter((status) => !['200', '429', '503'].includes(status))).to.deep.equal([])
  expect([own.lost, own.failures]).to.deep.equal([0, 0])
  expect(own.memory).to.be.lessThan(300e6)
  expect(own.goodput).to.be.at.least(0.8 * theirs.goodput)
  expect(own.live).to.be.lessThan(100)
}

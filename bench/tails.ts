import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Context } from './context.ts'
import { freePort } from './database.ts'
import { type Figures, measured, median, medians } from './measure.ts'
import { BENCH, NODE } from './places.ts'
import { BARE, type Kind, type Server, startServer, TASKWARD } from './servers.ts'
import { WARMING } from './side-by-side.ts'
import { Requests } from './workloads.ts'

export interface Pooled {
  readonly server: string
  readonly pool: number
  readonly medians: Figures
}

/** Near, two cores are soon busy; far, more must be under way. */
const POOLS = [2, 3, 4, 10]
const FAR_POOLS = [4, 10, 20, 40]
const ROUNDS = 3
/** Milliseconds. */
const FAR = 5

export const tailSeconds = ({ rounds, seconds }: Pick<Context, 'rounds' | 'seconds'>): number =>
  poolSeconds({ seconds }) + 4 * rounds * (seconds + 0.3) + 2 * WARMING + 2

export const poolSeconds = ({ seconds }: Pick<Context, 'seconds'>): number => 2 * POOLS.length * (ROUNDS * (seconds + 0.3) + WARMING + 0.3)

/** The same, with 5 ms more on the way to the database. */
export async function farPools(context: Context): Promise<readonly Pooled[]> {
  const { cluster } = context
  const port = await freePort()
  const far = spawn(NODE, [join(BENCH, 'servers/far.ts'), new URL(cluster.superuser('run')).port, String(FAR)], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(far.stdout, 'data')
  const through = (url: string): string => Object.assign(new URL(url), { port: String(port) }).href
  const away = { ordinary: (database: string) => through(cluster.ordinary(database)), superuser: (database: string) => through(cluster.superuser(database)) }
  try {
    return await pools({ ...context, cluster: { ...cluster, ...away } }, FAR_POOLS)
  } finally {
    far.kill()
  }
}

/** Pages by 16 connections at once, with so many connections to the database behind them. */
export async function pools(context: Context, sizes = POOLS): Promise<readonly Pooled[]> {
  const { cluster, database, connections, seconds, tell } = context
  const requests = await Requests.over(cluster, database, context.tasks)
  const servers = new Map<string, { readonly server: Server; readonly pool: number; readonly seen: Figures[] }>()
  try {
    for (const kind of [BARE, TASKWARD])
      for (const pool of sizes) servers.set(`${kind.name} ${pool}`, { server: await startServer(kind, { cluster, database, pool }), pool, seen: [] })
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { server, pool, seen } of servers.values()) {
        tell(`pages of ${server.kind.name} with a pool of ${pool}`)
        const file = await requests.file('page', server.kind, seconds)
        const figures = await measured({ url: server.url, file, connections, seconds: round === 0 ? WARMING : seconds }, server.pid, cluster.pid)
        if (round > 0) seen.push(figures)
      }
    }
  } finally {
    await Promise.all([...servers.values()].map(({ server }) => server.stop()))
  }
  return [...servers.values()].map(({ server, pool, seen }) => ({ server: server.kind.name, pool, medians: medians(seen) }))
}

export interface Paced {
  readonly server: string
  /** Pages a second: as many as went through, and how many of them were then asked for. */
  readonly peak: number
  readonly rate: number
  readonly p50: number
  readonly p99: number
  /** The median of the rounds' own. */
  readonly spread: number
}

const SHARE = 0.7

/** Pages at 70 % of what each server can do, at random moments. */
export async function paced(context: Context): Promise<readonly Paced[]> {
  const { cluster, database, pool, connections, rounds, seconds, tell } = context
  const requests = await Requests.over(cluster, database, context.tasks)
  const kinds: readonly Kind[] = [BARE, TASKWARD]
  const servers = await Promise.all(kinds.map((kind) => startServer(kind, { cluster, database, pool })))
  const seen = new Map<string, { readonly peaks: number[]; readonly paced: Figures[] }>(kinds.map(({ name }) => [name, { peaks: [], paced: [] }]))
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const { kind, url, pid } of servers) {
        const { peaks, paced } = seen.get(kind.name) ?? { peaks: [], paced: [] }
        tell(`${kind.name} at 70 % of its peak`)
        const file = await requests.file('page', kind, seconds)
        const peak = await measured({ url, file, connections, seconds: round === 0 ? WARMING : seconds }, pid, cluster.pid)
        if (round === 0) continue
        peaks.push(peak.rate)
        paced.push(await measured({ url, file, connections, seconds, rate: SHARE * median(peaks) }, pid, cluster.pid))
      }
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
  return [...seen].map(([server, { peaks, paced }]) => {
    const { rate, p50, p99 } = medians(paced)
    return { server, peak: median(peaks), rate, p50, p99, spread: median(paced.map((one) => one.p99 / one.p50)) }
  })
}

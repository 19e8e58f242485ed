import { Asking } from './asking.ts'
import type { Context } from './context.ts'
import { largerIn, ownerAt, WORDS } from './fill.ts'
import { type Figures, measured, median, medians, quantile } from './measure.ts'
import { BARE, type Server, startServer, TASKWARD } from './servers.ts'
import { Requests } from './workloads.ts'

export interface Timed {
  readonly p50: number
  readonly p99: number
}

const timed = (times: readonly number[]): Timed => ({ p50: median(times), p99: quantile(times, 0.99) })
const samples = ({ full }: Context): number => (full ? 500 : 60)

/** Owners that a page is asked of in each database. */
const ASKED = 10

/** A page, one at a time, over databases of different size, in turn. */
export async function sizes(context: Context, tasks: readonly number[]): Promise<readonly ({ readonly tasks: number } & Timed)[]> {
  const { cluster, pool, rounds, tell } = context
  const grown: { tasks: number; server: Server; asking: readonly Asking[]; times: number[] }[] = []
  try {
    for (const size of tasks) {
      const database = size === context.tasks ? context.database : `run_${size}`
      if (database !== context.database) await cluster.fresh(database, size, tell)
      const server = await startServer({ ...TASKWARD, name: `Taskward ${size}` }, { cluster, database, pool })
      const asking = Array.from({ length: ASKED }, (_, n) => new Asking(server.url, ownerAt(n)))
      grown.push({ tasks: size, server, asking, times: [] })
    }
    for (let round = 0; round <= rounds; round++) {
      for (const { tasks, asking, times } of grown) {
        tell(`pages over ${tasks} tasks`)
        for (const one of asking) {
          const seen = await one.times('/api/tasks?limit=20', Math.ceil(samples(context) / 3))
          if (round > 0) times.push(...seen)
        }
      }
    }
  } finally {
    for (const { asking } of grown) for (const one of asking) one.close()
    await Promise.all(grown.map(({ server }) => server.stop()))
  }
  return grown.map(({ tasks, times }) => ({ tasks, ...timed(times) }))
}

export const DEPTHS = [1, 10, 100, 1_000]

/** Page 1 to page 1,000 of the largest owner, one request at a time, in turn. */
export async function depths(context: Context, server: Server): Promise<readonly ({ readonly page: number } & Timed)[]> {
  const [largest] = largerIn(context.tasks)
  const asking = new Asking(server.url, largest?.owner ?? '')
  const paths = new Map<number, string>()
  let path = '/api/tasks?limit=20'
  for (let page = 1; page <= Math.max(...DEPTHS); page++) {
    if (page % 50 === 0) context.tell(`on the way to page ${page}`)
    if (DEPTHS.includes(page)) paths.set(page, path)
    const { nextCursor } = JSON.parse((await asking.get(path)).body)
    path = `/api/tasks?limit=20&cursor=${nextCursor}`
  }
  const times = new Map<number, number[]>(DEPTHS.map((page) => [page, []]))
  for (let round = 0; round < context.rounds; round++) for (const [page, path] of paths) times.get(page)?.push(...(await asking.times(path, samples(context))))
  asking.close()
  return [...times].map(([page, all]) => ({ page, ...timed(all) }))
}

/** The first page and a search, by owners of different size. */
export async function owners(context: Context, server: Server): Promise<readonly { readonly tasks: number; readonly page: Timed; readonly search: Timed }[]> {
  const found: { tasks: number; page: Timed; search: Timed }[] = []
  for (const { owner, tasks } of largerIn(context.tasks).toReversed()) {
    context.tell(`an owner of ${tasks} tasks`)
    const asking = new Asking(server.url, owner)
    await asking.warm('/api/tasks?limit=20', 20)
    const page = timed(await asking.times('/api/tasks?limit=20', samples(context)))
    const path = `/api/tasks?limit=20&q=${WORDS.rare}+${WORDS.usual}`
    await asking.warm(path)
    const search = timed(await asking.times(path, context.full ? 100 : 20))
    asking.close()
    found.push({ tasks, page, search })
  }
  return found
}

const SORTS = ['createdAt', 'updatedAt', 'due', 'priority', 'title'].flatMap((field) => [field, `-${field}`])
const FILTERS = [
  '',
  '&status=todo',
  '&status=cancelled,in_progress',
  '&priority=urgent',
  '&tag=home',
  '&tag=garden,home',
  '&dueAfter=2026-09-01&dueBefore=2026-09-03',
  '&dueBefore=2026-06-02',
  '&status=cancelled&priority=urgent&tag=home',
]

/** Every filter with every sort, by owners of different size, one request at a time. */
export async function lists(
  context: Context,
  server: Server,
): Promise<readonly ({ readonly tasks: number; readonly filter: string; readonly sort: string } & Timed)[]> {
  const found: ({ tasks: number; filter: string; sort: string } & Timed)[] = []
  for (const { owner, tasks } of largerIn(context.tasks).toReversed()) {
    const asking = new Asking(server.url, owner)
    for (const filter of FILTERS) {
      for (const sort of SORTS) {
        context.tell(`a list of ${tasks} tasks${filter} by ${sort}`)
        const path = `/api/tasks?limit=20&sort=${sort}${filter}`
        await asking.warm(path)
        found.push({ tasks, filter: filter.slice(1), sort, ...timed(await asking.times(path, context.full ? 200 : 20)) })
      }
    }
    asking.close()
  }
  return found
}

const CONNECTIONS = [1, 4, 16, 64, 256, 512]

/** Pages by 1 to 512 connections, of Taskward and of the bare server, in turn. */
export async function crowds(context: Context): Promise<readonly { readonly server: string; readonly connections: number; readonly medians: Figures }[]> {
  const { cluster, database, pool, seconds, tell } = context
  const requests = await Requests.over(cluster, database, context.tasks)
  const servers = await Promise.all([BARE, TASKWARD].map((kind) => startServer(kind, { cluster, database, pool })))
  const seen = servers.flatMap((server) => CONNECTIONS.map((connections) => ({ server, connections, figures: [] as Figures[] })))
  try {
    for (let round = 0; round <= 3; round++) {
      for (const { server, connections, figures } of seen) {
        tell(`${connections} connections to ${server.kind.name}`)
        const file = await requests.file('page', server.kind, seconds)
        const one = await measured({ url: server.url, file, connections, seconds }, server.pid, cluster.pid)
        if (round > 0) figures.push(one)
      }
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
  return seen.map(({ server, connections, figures }) => ({ server: server.kind.name, connections, medians: medians(figures) }))
}

import { agree } from './agree.ts'
import type { Context } from './context.ts'
import { type Figures, measured, medians } from './measure.ts'
import { BARE, BARE_PRINTED, FASTAPI, FASTIFY, HONO, hasFastapi, type Kind, NEST, startServer, TASKWARD } from './servers.ts'
import { Requests, WORKLOADS } from './workloads.ts'

/** One server under one load. */
export interface Row {
  readonly workload: string
  readonly server: string
  readonly medians: Figures
  /** Requests a second in each round, as a share of the bare server's in the same round. */
  readonly ratios: readonly number[]
  readonly rounds: readonly Figures[]
}

/** What is printed already is a limit for reads; the cost of a round trip is the bare server's alone; an owner told before and a key mean something to Taskward alone. */
const ONLY: Readonly<Record<string, readonly Kind[]>> = {
  'page anew': [BARE, BARE_PRINTED, TASKWARD],
  nothing: [BARE],
  'create with key': [BARE, TASKWARD],
}

export const kinds = (): readonly Kind[] => [BARE, BARE_PRINTED, TASKWARD, FASTIFY, HONO, NEST, ...(hasFastapi() ? [FASTAPI] : [])]

const LOADS = [...WORKLOADS, 'create with key', 'nothing'] as const
type Compared = (typeof LOADS)[number]
const takesPart = (kind: Kind, load: Compared): boolean => ONLY[load]?.includes(kind) ?? (kind !== BARE_PRINTED || load === 'page' || load === 'get')

/** Seconds: on two busy cores the engine compiles what is hot late, and the more code there is the later; Taskward's pages are twice as many in its seventh second as in its first. */
export const WARMING = 8
/** What all requests go through is warm after the first load. Nothing of Python's is compiled while it runs. */
const warms = (load: Compared, kind: Kind): number => (kind === FASTAPI ? 1 : load === LOADS[0] ? WARMING : WARMING / 2)

export const sideBySideSeconds = ({ rounds, seconds }: Pick<Context, 'rounds' | 'seconds'>): number =>
  LOADS.flatMap((load) => kinds().map((kind) => (takesPart(kind, load) ? rounds * (seconds + 0.3) + warms(load, kind) + 0.3 : 0))).reduce(
    (all, one) => all + one,
    0,
  )

/**
 * Every server in turn under one load, so many rounds; then the next load. A first round of each, which is not counted, warms them up.
 * A server that has waited for a minute begins slowly, so its turns under one load lie close together.
 */
export async function sideBySide(context: Context): Promise<readonly Row[]> {
  const { cluster, database, pool, connections, rounds, seconds, tell } = context
  const requests = await Requests.over(cluster, database, context.tasks)
  const servers = await Promise.all(kinds().map((kind) => startServer(kind, { cluster, database, pool })))
  const figures = new Map<string, Figures[]>()
  const of = (load: string, { name }: Kind): Figures[] => figures.get(`${load} ${name}`) ?? []
  try {
    await agree(servers)
    for (const load of LOADS) {
      for (let round = 0; round <= rounds; round++) {
        for (const { kind, url, pid } of servers.filter(({ kind }) => takesPart(kind, load))) {
          tell(round === 0 ? `${kind.name} is warmed up, ${load}` : `round ${round} of ${rounds}, ${load}, ${kind.name}`)
          const lasting = round === 0 ? warms(load, kind) : seconds
          const file = await requests.file(load, kind, lasting)
          const seen = await measured({ url, file, connections, seconds: lasting }, pid, cluster.pid)
          if (round > 0) figures.set(`${load} ${kind.name}`, [...of(load, kind), seen])
        }
      }
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
  return LOADS.flatMap((load) =>
    servers
      .filter(({ kind }) => takesPart(kind, load))
      .map(({ kind }) => {
        const rounds = of(load, kind)
        const ratios = of(load, BARE).map(({ rate }, round) => (rounds[round]?.rate ?? Number.NaN) / rate)
        return { workload: load, server: kind.name, medians: medians(rounds), ratios, rounds }
      }),
  )
}

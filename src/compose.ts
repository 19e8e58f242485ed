import { setFlagsFromString } from 'node:v8'
import type { Primary } from './adapters/cluster/worker.ts'
import { createCounts } from './adapters/counting/counts.ts'
import { loadDocs } from './adapters/http/docs.ts'
import { createHttpServer } from './adapters/http/server.ts'
import { systemClock } from './adapters/system/clock.ts'
import { createIds } from './adapters/system/ids.ts'
import { openLog } from './adapters/system/log.ts'
import type { Metrics } from './adapters/system/metrics.ts'
import type { Counts } from './application/counting.ts'
import { doDueWork } from './application/due-work.ts'
import type { Tell } from './application/observation.ts'
import type { Tracing } from './application/tracing.ts'
import { type Front, leadCrew } from './compose/crew.ts'
import { LISTENERS, listenTogether } from './compose/listen.ts'
import { migrateDatabase, openPostgres } from './compose/postgres.ts'
import { keepRounds } from './compose/rounds.ts'
import { openStorage, type Storage } from './compose/storage.ts'
import { type Telling, told } from './compose/telling.ts'
import { openVerification, type Verification, warnOfKeySet } from './compose/verification.ts'
import { withShare } from './config/shares.ts'
import type { Settings } from './config.ts'

/** Milliseconds that a database has to close: one that has stopped answering must not keep the process. */
const CLOSING = 5_000

/**
 * The heap may grow by 40 percent of what lives before it is cleaned; left alone, it grows to twice that, and keeps what a short load took. What a
 * request makes is never put among what is old from the beginning: the engine takes what outlived one load for what will outlive all.
 */
const ENGINE = ['--heap-growing-percent=40', '--no-allocation-site-pretenuring']

/** Requests that are worked on at once while each connection to the database has one: enough for none of these to wait for the next (OPS-24). */
const BESIDE_STATEMENTS = 24

/** A server that listens, in this process or in others that it leads. */
export interface Running {
  readonly url: string
  /** In development mode: a line to paste, with a token for the user `demo` (DEV-02). */
  readonly curl: string | undefined
  readonly tell: Tell
  /** Finishes what is under way within the grace, then closes the database (RUN-05). */
  stop(why: string): Promise<void>
}

/** One of the processes that another one leads. */
export interface RunningWorker extends Pick<Running, 'tell' | 'stop'> {
  /** What it has counted, for the primary process to add up. */
  figures(): Promise<readonly object[]>
}

/** From settings to a server that listens. @throws {CannotStart}; what is open then closes with the process */
export const compose = (settings: Settings): Promise<Running> => told(settings, (telling) => assemble(settings, telling))

/** One of `WORKERS` processes: its primary one has looked at the database, and does what falls due. @throws {CannotStart} */
export const composeWorker = (settings: Settings, primary: Primary): Promise<RunningWorker> =>
  told(settings, async ({ tell, flush, metrics, tracing }) => {
    const place = await primary.place()
    const own = withShare({ ...settings, port: place.port }, place)
    const storage = await openStorage(own, tell, { isPrepared: true, span: tracing?.span })
    const verification = await openVerification(own, tell)
    const front = await serve(own, { storage, verification, counts: primary.counts, tell, tracing, metrics, print: metrics && primary.printMetrics })
    const stop = stopping(front, storage.close, { tell, flush, tracing })
    return { tell, stop, figures: async () => (await metrics?.figures()) ?? [] }
  })

async function assemble(settings: Settings, { tell, flush, metrics, tracing }: Telling): Promise<Running> {
  const { workers, database } = settings
  const isAlone = workers === 1
  // What falls due is done one statement after the other.
  const storage = await openStorage(isAlone ? settings : withShare(settings, { ...settings, pool: 1 }), tell, { span: tracing?.span })
  warnOfKeySet(settings, tell)
  const verification = await openVerification(settings, tell)
  const counts = createCounts(settings.rateLimit)
  const front = isAlone
    ? await serve(settings, { storage, verification, counts, tell, tracing, metrics, print: metrics?.print })
    : await leadCrew(settings, counts, async (figures) => (await metrics?.printSum(figures)) ?? '', tell)
  const rounds = keepRounds({ ...storage, doDueWork: (isStopped) => doDueWork({ ...storage, clock: systemClock }, isStopped) }, tell)
  tell({ kind: 'listening', url: front.url, database: database.kind })
  return {
    url: front.url,
    curl: verification.issuer && `curl -H "Authorization: Bearer ${await verification.issuer.issue('demo')}" ${front.url}/api/tasks`,
    tell,
    stop: stopping(front, () => rounds.stop().then(storage.close), { tell, flush, tracing }),
  }
}

interface Serving {
  readonly storage: Storage
  readonly verification: Verification
  readonly counts: Counts
  readonly tell: Tell
  readonly tracing: Tracing | undefined
  readonly metrics: Metrics | undefined
  readonly print: (() => Promise<string>) | undefined
}

async function serve(settings: Settings, { storage, verification, counts, tell, tracing, metrics, print }: Serving): Promise<Front> {
  const { tasks, secret, isReachable, connections } = storage
  const ports = { tasks, clock: systemClock, ids: createIds(), quota: settings.quota, underWay: new Set<string>(), span: tracing?.span }
  const { verifier } = verification
  for (const flag of ENGINE) setFlagsFromString(flag)
  const atWork = BESIDE_STATEMENTS + (settings.database.kind === 'server' ? settings.database.pool : 1)
  const deps = { ports, verifier, secret, counts, docs: loadDocs(), settings: { ...settings, atWork }, isReady: isReachable, tell, metrics: print, tracing }
  // Of several processes the primary one takes the connections, and has little else to do.
  const { servers, stop, levels } = createHttpServer(deps, settings.workers === 1 ? LISTENERS : 1)
  metrics?.watch({ ...levels, connections })
  const { url } = await listenTogether(servers, settings.host, settings.port)
  return { url, stop: () => stop(settings.shutdownGrace) }
}

const stopping =
  (front: Front, close: () => Promise<void>, { tell, flush, tracing }: Omit<Telling, 'metrics'>) =>
  async (why: string): Promise<void> => {
    tell({ kind: 'stopping', signal: why })
    await front.stop(why)
    const [closed, handedOver] = await Promise.all([within(CLOSING, close()), within(CLOSING, handOver(tracing, tell))])
    if (!handedOver) tell({ kind: 'warned', what: 'the last spans could not be handed over in time' })
    tell(closed ? { kind: 'stopped' } : { kind: 'warned', what: 'the database did not close in time, and was left' })
    flush()
  }

const handOver = async (tracing: Tracing | undefined, tell: Tell): Promise<void> =>
  tracing
    ?.flush()
    .catch((cause: unknown) => tell({ kind: 'warned', what: `the last spans could not be handed over: ${cause instanceof Error ? cause.name : typeof cause}` }))

/** Whether it was done in so many milliseconds. */
const within = (milliseconds: number, work: Promise<void>): Promise<boolean> =>
  Promise.race([work.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, milliseconds, false))])

/** Brings the database up to date, and closes it. @returns the names of what was applied. @throws {CannotStart} */
export async function migrate(settings: Settings): Promise<readonly string[]> {
  const { tell, flush } = openLog(settings.logLevel)
  const database = await openPostgres(settings, tell)
  try {
    return await migrateDatabase(database, settings)
  } finally {
    await database.close()
    flush()
  }
}

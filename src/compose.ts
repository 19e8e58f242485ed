import { createCounts } from './adapters/counting/counts.ts'
import { loadDocs } from './adapters/http/docs.ts'
import { createHttpServer } from './adapters/http/server.ts'
import { createMemoryStore } from './adapters/memory/store.ts'
import { systemClock } from './adapters/system/clock.ts'
import { createIds } from './adapters/system/ids.ts'
import { type Log, openLog } from './adapters/system/log.ts'
import { createMetrics } from './adapters/system/metrics.ts'
import { type DueWork, doDueWork } from './application/due-work.ts'
import type { Tell } from './application/observation.ts'
import type { TaskStore } from './application/ports.ts'
import { listen } from './compose/listen.ts'
import { migrateDatabase, openPostgres, prepare } from './compose/postgres.ts'
import { keepRounds } from './compose/rounds.ts'
import { openVerification } from './compose/verification.ts'
import { CannotStart } from './config/cannot-start.ts'
import type { Settings } from './config.ts'

/** Milliseconds that a database has to close: one that has stopped answering must not keep the process. */
const CLOSING = 5_000

/** A server that listens. */
export interface Running {
  readonly url: string
  /** In development mode: a line to paste, with a token for the user `demo` (DEV-02). */
  readonly curl: string | undefined
  readonly tell: Tell
  /** Finishes what is under way within the grace, then closes the database (RUN-05). */
  stop(why: string): Promise<void>
}

/** From settings to a server that listens. @throws {CannotStart}; what is open then closes with the process */
export async function compose(settings: Settings): Promise<Running> {
  const log = openLog(settings.logLevel)
  try {
    return await assemble(settings, log)
  } catch (error) {
    if (error instanceof CannotStart) throw error
    log.tell({ kind: 'failed', requestId: undefined, cause: error })
    throw new CannotStart([`of an unexpected ${error instanceof Error ? error.name : typeof error}, of which the log has more`], error)
  } finally {
    log.flush()
  }
}

async function assemble(settings: Settings, log: Log): Promise<Running> {
  const metrics = settings.metricsToken === undefined ? undefined : createMetrics()
  const tell: Tell = (observation) => {
    log.tell(observation)
    metrics?.tell(observation)
  }
  const storage = await openStorage(settings, tell)
  const { verifier, issuer } = await openVerification(settings, tell)
  const { server, stop } = createHttpServer({
    ports: { tasks: storage.tasks, clock: systemClock, ids: createIds(), quota: settings.quota, underWay: new Set() },
    verifier,
    secret: storage.secret,
    counts: createCounts(settings.rateLimit),
    docs: loadDocs(),
    settings,
    isReady: storage.isReachable,
    tell,
    metrics: metrics?.print,
  })
  const url = await listen(server, settings.host, settings.port)
  const rounds = keepRounds((isStopped) => doDueWork({ ...storage, clock: systemClock }, isStopped), tell)
  tell({ kind: 'listening', url, database: settings.database.kind })
  return {
    url,
    curl: issuer && `curl -H "Authorization: Bearer ${await issuer.issue('demo')}" ${url}/api/tasks`,
    tell,
    async stop(why) {
      tell({ kind: 'stopping', signal: why })
      await stop(settings.shutdownGrace)
      const closed = await within(CLOSING, rounds.stop().then(storage.close))
      tell(closed ? { kind: 'stopped' } : { kind: 'warned', what: 'the database did not close in time, and was left' })
      log.flush()
    },
  }
}

/** Whether it was done in so many milliseconds. */
const within = (milliseconds: number, work: Promise<void>): Promise<boolean> =>
  Promise.race([work.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, milliseconds, false))])

interface Storage {
  readonly tasks: TaskStore
  readonly work: DueWork
  readonly secret: Uint8Array
  isReachable(): Promise<boolean>
  close(): Promise<void>
}

async function openStorage(settings: Settings, tell: Tell): Promise<Storage> {
  if (settings.database.kind === 'memory') {
    const tasks = createMemoryStore(settings.trashDays)
    return { tasks, work: tasks, secret: crypto.getRandomValues(new Uint8Array(32)), isReachable: async () => true, close: async () => {} }
  }
  const database = await openPostgres(settings, tell)
  await prepare(database, settings, tell)
  return { tasks: database.tasks, work: database.work, secret: await database.secret(), isReachable: database.isReachable, close: database.close }
}

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

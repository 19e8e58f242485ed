import { MikroORM } from '@mikro-orm/postgresql'
import type { Pool, PoolConfig } from 'pg'
import type { Span } from '../../application/tracing.ts'
import { type Database, databaseOver } from './database.ts'
import { fairShare } from './fair-share.ts'
import { told } from './faults.ts'
import { applyMigrations, ORM_OPTIONS } from './migrations/migrate.ts'
import { HURRIED, UNHURRIED } from './patience.ts'
import { PoolSession } from './pool-session.ts'
import { serverWakes } from './wakes.ts'

export interface ServerSettings {
  /** `postgres://…`, TLS parameters and `schema=…` among it where wanted. */
  readonly url: string
  /** Connections, at most. */
  readonly pool: number
  /** Migrates as this role, which then owns the tables. */
  readonly migrationUrl?: string | undefined
  readonly trashDays?: number | undefined
  /** Told of connections that the server has closed. */
  readonly warn?: ((what: string) => void) | undefined
  readonly span?: Span | undefined
}

/** Opens the pool; connects with the first statement. */
export async function openServer({ url, pool, migrationUrl = url, trashDays, warn = () => {}, span }: ServerSettings): Promise<Database> {
  const orm = await connect(url, { max: pool, statement_timeout: HURRIED.running, query_timeout: HURRIED.answering }, warn)
  const connections = await orm.em.getConnection().getNativeClient()
  const session = new PoolSession(connections)
  return databaseOver({
    kind: 'server',
    session,
    wakes: serverWakes(session, connections.options, warn),
    share: fairShare(pool),
    trashDays,
    span,
    connections: () => ({
      busy: connections.totalCount - connections.idleCount,
      idle: connections.idleCount,
      waiting: connections.waitingCount,
    }),
    close: () => connections.end().then(() => orm.close(true)),
    migrate: (role) => migrateServer(migrationUrl, role, warn),
  })
}

/** On connections of its own, without a limit to how long a statement runs: two, one of which holds the lock. @param last the migration to stop after */
export async function migrateServer(url: string, role: string | undefined, warn: (what: string) => void, last?: string): Promise<readonly string[]> {
  const orm = await connect(url, { max: 2 }, warn)
  try {
    return await applyMigrations(orm.em.getConnection(), orm.migrator, role, last)
  } catch (fault) {
    throw told(fault)
  } finally {
    await orm.close(true)
  }
}

/** `schema=…` in the address is ours, the rest is for the driver. */
export async function connect(url: string, options: PoolConfig, warn: (what: string) => void) {
  const target = new URL(url)
  const schema = target.searchParams.get('schema')
  target.searchParams.delete('schema')
  // What `pg` takes these for anyway, and says so on standard error each time.
  if (['prefer', 'require', 'verify-ca'].includes(target.searchParams.get('sslmode') ?? '') && !target.searchParams.has('uselibpqcompat'))
    target.searchParams.set('sslmode', 'verify-full')
  return MikroORM.init({
    ...ORM_OPTIONS,
    clientUrl: target.href,
    dbName: decodeURIComponent(target.pathname.slice(1) || target.username),
    ...(schema === null ? {} : { schema }),
    driverOptions: {
      connectionString: target.href,
      connectionTimeoutMillis: UNHURRIED.connecting,
      keepAlive: true,
      application_name: 'taskward',
      // An idle connection that is cut is told here, and would end the process if nobody listened.
      onPoolCreated: (connections: Pool) => void connections.on('error', ({ message }) => warn(`a connection to the database was lost: ${message}`)),
      ...(schema === null ? {} : { options: `-c search_path=${schema}` }),
      ...options,
    },
  })
}

import type { Span } from '../../application/tracing.ts'
import { type Database, databaseOver } from './database.ts'
import { fairShare } from './fair-share.ts'
import { HURRIED } from './patience.ts'
import { openPool } from './pool.ts'
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
  const connections = openPool(url, { max: pool, statement_timeout: HURRIED.running, query_timeout: HURRIED.answering }, warn)
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
    close: () => connections.end(),
    migrate: async (role) => {
      const { migrateServer } = await import('./migrations/orm.ts')
      return migrateServer(migrationUrl, role, warn)
    },
    grantsAnew: migrationUrl !== url,
  })
}

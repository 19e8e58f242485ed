import { appliedMigrations } from './database.ts'
import { type Cluster, migrateCluster, openHeld } from './embedded.ts'
import { migrateServer } from './migrations/orm.ts'
import { openPool } from './pool.ts'
import { PoolSession } from './pool-session.ts'
import type { Session } from './session.ts'

/** A database as the role that owns its tables, for what concerns all owners at once: backup and restoration, and nothing that serves. */
export interface Keeper {
  readonly session: Session
  /** Brings it up to date as far as the migration of that name. */
  migrate(last: string): Promise<unknown>
  /** The names of the migrations that it has, in their order. */
  applied(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Milliseconds that a statement has, and its answer. */
const [RUNNING, ANSWERING] = [120_000, 130_000]

export async function keepServer(url: string, warn: (what: string) => void): Promise<Keeper> {
  const connections = openPool(url, { max: 1, statement_timeout: RUNNING, query_timeout: ANSWERING }, warn)
  const session = new PoolSession(connections)
  return {
    session,
    migrate: (last) => migrateServer(url, undefined, warn, last),
    applied: () => appliedMigrations(session),
    close: () => connections.end(),
  }
}

/** @throws {DirectoryInUse} where a server holds the directory */
export async function keepEmbedded(directory: string): Promise<Keeper> {
  const { cluster, release } = await openHeld(directory)
  return keeperOver(cluster, () => cluster.pglite.close().finally(release))
}

export const keeperOver = (cluster: Cluster, close: () => Promise<void>): Keeper => ({
  session: cluster.session,
  migrate: (last) => migrateCluster(cluster, undefined, last),
  applied: () => appliedMigrations(cluster.session),
  close,
})

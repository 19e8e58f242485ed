import type { PGlite } from '@electric-sql/pglite'
import { MikroORM as EmbeddedORM } from '@mikro-orm/pglite'
import { MikroORM as ServerORM } from '@mikro-orm/postgresql'
import { told } from '../faults.ts'
import { poolOptions } from '../pool.ts'
import { applyMigrations, ORM_OPTIONS } from './migrate.ts'

/** On connections of its own, without a limit to how long a statement runs: two, one of which holds the lock. @param last the migration to stop after */
export async function migrateServer(url: string, role: string | undefined, warn: (what: string) => void, last?: string): Promise<readonly string[]> {
  const { schema, ...driverOptions } = poolOptions(url, { max: 2 }, warn)
  const { pathname, username } = new URL(url)
  const dbName = decodeURIComponent(pathname.slice(1) || username)
  const orm = await ServerORM.init({ ...ORM_OPTIONS, clientUrl: url, dbName, ...(schema !== undefined && { schema }), driverOptions })
  try {
    return await applyMigrations(orm.em.getConnection(), orm.migrator, role, last)
  } catch (fault) {
    throw told(fault)
  } finally {
    await orm.close(true)
  }
}

/** Leaves it open. */
export async function migrateEmbedded(pglite: PGlite, role: string | undefined, last?: string): Promise<readonly string[]> {
  const orm = await EmbeddedORM.init({ ...ORM_OPTIONS, dbName: 'taskward', driverOptions: { pglite } })
  try {
    return await applyMigrations(orm.em.getConnection(), orm.migrator, role, last)
  } finally {
    await orm.close(true)
  }
}

import { Migrator } from '@mikro-orm/migrations'
import type { AbstractSqlConnection } from '@mikro-orm/postgresql'
import { ENTITIES } from '../entities.ts'
import { First } from './0001-first.ts'
import { Journal } from './0002-journal.ts'
import { Covering } from './0003-covering.ts'
import { Unchecked } from './0004-unchecked.ts'
import { Purges } from './0005-purges.ts'
import { KeysFirst } from './0006-keys-first.ts'
import { Printed } from './0007-printed.ts'
import { MIGRATIONS, TRACKING_TABLE } from './names.ts'

/** What each does: one that is not here does not compile. */
const CLASSES = {
  '0001-first': First,
  '0002-journal': Journal,
  '0003-covering': Covering,
  '0004-unchecked': Unchecked,
  '0005-purges': Purges,
  '0006-keys-first': KeysFirst,
  '0007-printed': Printed,
} as const satisfies Record<(typeof MIGRATIONS)[number], unknown>

/** What the ORM is told, whatever it connects to. */
export const ORM_OPTIONS = {
  entities: ENTITIES,
  extensions: [Migrator],
  ensureDatabase: false,
  migrations: {
    migrationsList: MIGRATIONS.map((name) => ({ name, class: CLASSES[name] })),
    tableName: TRACKING_TABLE,
    snapshot: false,
    silent: true,
    transactional: true,
    allOrNothing: true,
    disableForeignKeys: false,
    // Leaves the tracking table to the transaction that holds the lock; else it is made before, by two servers at once.
    includeWildcardSchema: true,
  },
}

/** Any number will do that others in the same database do not lock. */
const LOCK = 7_461_736_877

/**
 * Applies what is missing, all of it or nothing, under a lock of the transaction: it holds behind a pooler too, where locks of a session do not.
 * @param role gets what serving requests needs on tables that it does not own; row security holds it all the same
 * @param last the name of the migration to stop after
 */
export async function applyMigrations(
  connection: AbstractSqlConnection,
  migrator: Pick<Migrator, 'up'>,
  role: string | undefined,
  last?: string,
): Promise<readonly string[]> {
  return connection.transactional(async (transaction) => {
    await connection.execute(`select pg_advisory_xact_lock(${LOCK})`, [], 'all', transaction)
    const applied = await migrator.up({ transaction, ...(last !== undefined && { to: last }) })
    if (role === undefined) return applied.map(({ name }) => name)
    const [here] = await connection.execute<{ role: string; schema: string }[]>(
      'select current_user as role, current_schema() as schema',
      [],
      'all',
      transaction,
    )
    if (here !== undefined && here.role !== role) for (const grant of grants(role, here.schema)) await connection.execute(grant, [], 'run', transaction)
    return applied.map(({ name }) => name)
  })
}

const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

function grants(role: string, schema: string): readonly string[] {
  const readOnly = ['server_secret', TRACKING_TABLE]
  const tables = ENTITIES.map(({ meta }) => meta.tableName).filter((table) => !readOnly.includes(table))
  return [
    `grant usage on schema ${quoted(schema)} to ${quoted(role)}`,
    `grant select, insert, update, delete on ${tables.join(', ')} to ${quoted(role)}`,
    `grant select on ${readOnly.join(', ')} to ${quoted(role)}`,
  ]
}

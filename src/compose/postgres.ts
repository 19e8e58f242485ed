import type { Database } from '../adapters/postgres/database.ts'
import { openServer } from '../adapters/postgres/server.ts'
import type { Tell } from '../application/observation.ts'
import type { Span } from '../application/tracing.ts'
import { CannotStart } from '../config/cannot-start.ts'
import type { DatabaseSettings, Settings } from '../config.ts'
import { explainHeld, makeDataDirectory } from './data-directory.ts'

/** Opens the PostgreSQL server that is set, or else the embedded database, which no other server may hold and only such a start loads. @throws {CannotStart} */
export async function openPostgres({ database, dataDir, trashDays }: Settings, tell: Tell, span?: Span): Promise<Database> {
  if (database.kind === 'server') {
    const { url, migrationUrl, pool } = database
    return explained('DATABASE_URL', () => openServer({ url, pool, migrationUrl, trashDays, warn: (what) => tell({ kind: 'warned', what }), span }))
  }
  makeDataDirectory(dataDir)
  const { openEmbedded } = await import('../adapters/postgres/embedded.ts')
  return explained('DATA_DIR', () => openEmbedded({ directory: dataDir, trashDays, span }))
}

/** Makes sure that row security holds the role and that the schema is up to date. @throws {CannotStart} */
export async function prepare(database: Database, { database: where, production, migrate }: Settings, tell: Tell): Promise<void> {
  const { serving, migrating } = namesOf(where)
  if (await explained(serving, () => database.bypassesRowSecurity())) {
    if (production)
      throw new CannotStart([
        'DATABASE_URL names a role that bypasses row security. Production wants an ordinary role: it owns its database and is no superuser',
      ])
    tell({ kind: 'warned', what: 'the role in DATABASE_URL bypasses row security, which production refuses' })
  }
  const names = migrate ? await explained(migrating, () => database.migrate()) : []
  if (names.length > 0) tell({ kind: 'migrated', names })
  const pending = await explained(serving, () => database.pendingMigrations())
  if (pending.length > 0)
    throw new CannotStart([
      migrate
        ? `${migrating} leads to another database or schema than ${serving}`
        : 'MIGRATE is off and the database is not up to date: npm run migrate does it',
    ])
}

/** The server's own secret, which is there once the schema is. @throws {CannotStart} */
export const secretOf = (database: Database, { database: where }: Settings): Promise<Uint8Array> => explained(namesOf(where).serving, () => database.secret())

/** @returns the names of what was applied. @throws {CannotStart} */
export async function migrateDatabase(database: Database, { database: where }: Settings): Promise<readonly string[]> {
  const { serving, migrating } = namesOf(where)
  // The one connects first, so that its faults are not told as the other's.
  await explained(serving, () => database.bypassesRowSecurity())
  return explained(migrating, () => database.migrate())
}

/** The settings to change where the database refuses what requests need, or what a migration needs. */
export function namesOf(where: DatabaseSettings): { readonly serving: string; readonly migrating: string } {
  if (where.kind !== 'server') return { serving: 'DATA_DIR', migrating: 'DATA_DIR' }
  return { serving: 'DATABASE_URL', migrating: where.migrationUrl === undefined ? 'DATABASE_URL' : 'MIGRATION_DATABASE_URL' }
}

/** What PostgreSQL says by its codes (appendix A), in words that tell no host, role or database. */
const REASONS: Readonly<Record<string, string>> = {
  '28P01': 'has a role or password that the database does not take',
  '28000': 'has a role that the database does not let in this way',
  '3D000': 'names a database that is not there',
  '42501': 'has a role that lacks a right: it has to own its database, or MIGRATION_DATABASE_URL to name the role that does',
}

/** What the driver says without a code. */
const SAYINGS: readonly (readonly [RegExp, string])[] = [
  [/does not support SSL/, 'asks for TLS, which the database does not offer'],
  [/password must be a/, 'has no password, and the database asks for one'],
]

/** Faults of the database while starting, as lines for the operator that begin with the setting's name. What is no fault of the outside goes on as it is. */
export async function explained<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (fault) {
    const told = explainHeld(fault)
    const reason = told instanceof CannotStart ? undefined : reasonOf(told)
    throw reason === undefined ? told : new CannotStart([`${name} ${reason}`], fault)
  }
}

/** By SQLSTATE or the system's code, of the fault itself or of what it was caused by. */
function reasonOf(fault: unknown): string | undefined {
  for (let at = fault; at instanceof Error; at = at instanceof AggregateError ? at.errors[0] : at.cause) {
    if ('code' in at && typeof at.code === 'string') return REASONS[at.code] ?? `leads to a database that cannot be used (${at.code})`
    const { message } = at
    const [, saying] = SAYINGS.find(([pattern]) => pattern.test(message)) ?? []
    if (saying !== undefined) return saying
  }
  return undefined
}

import type { Database } from '../adapters/postgres/database.ts'
import { openEmbedded } from '../adapters/postgres/embedded.ts'
import { openServer } from '../adapters/postgres/server.ts'
import type { Tell } from '../application/observation.ts'
import { CannotStart } from '../config/cannot-start.ts'
import type { Settings } from '../config.ts'
import { explainHeld, makeDataDirectory } from './data-directory.ts'

/** Opens the PostgreSQL server that is set, or else the embedded database, which no other server may hold. @throws {CannotStart} */
export async function openPostgres({ database, dataDir, trashDays }: Settings, tell: Tell): Promise<Database> {
  if (database.kind === 'server') {
    const { url, migrationUrl, pool } = database
    return explained(() => openServer({ url, pool, migrationUrl, trashDays, warn: (what) => tell({ kind: 'warned', what }) }))
  }
  makeDataDirectory(dataDir)
  return explained(() => openEmbedded({ directory: dataDir, trashDays }))
}

/** Makes sure that row security holds the role and that the schema is up to date. @throws {CannotStart} */
export const prepare = (database: Database, { production, migrate }: Settings, tell: Tell): Promise<void> =>
  explained(async () => {
    if (await database.bypassesRowSecurity()) {
      if (production)
        throw new CannotStart([
          'DATABASE_URL names a role that bypasses row security. Production wants an ordinary role: it owns its database and is no superuser',
        ])
      tell({ kind: 'warned', what: 'the role in DATABASE_URL bypasses row security, which production refuses' })
    }
    if (!migrate && (await database.pendingMigrations()).length > 0)
      throw new CannotStart(['MIGRATE is off and the database is not up to date: npm run migrate does it'])
    const names = migrate ? await database.migrate() : []
    if (names.length > 0) tell({ kind: 'migrated', names })
  })

/** @returns the names of what was applied. @throws {CannotStart} */
export const migrateDatabase = (database: Database): Promise<readonly string[]> => explained(() => database.migrate())

/** What PostgreSQL says by its codes (appendix A), in words that name the setting to change and tell no host, role or database. */
const REASONS: Readonly<Record<string, string>> = {
  '28P01': 'DATABASE_URL has a role or password that the database does not take',
  '28000': 'DATABASE_URL has a role that the database does not let in this way',
  '3D000': 'DATABASE_URL names a database that is not there',
  '42501': 'the role of DATABASE_URL, or of MIGRATION_DATABASE_URL where that is set, lacks a right: it has to own its database',
}

/** Faults of the database while starting, as lines for the operator. What is no fault of the outside goes on as it is. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (fault) {
    const told = explainHeld(fault)
    const code = codeIn(told)
    if (told instanceof CannotStart || code === undefined) throw told
    throw new CannotStart([REASONS[code] ?? `DATABASE_URL leads to a database that cannot be used (${code})`], fault)
  }
}

/** SQLSTATE or the system's code, of the fault itself or of what it was caused by. */
function codeIn(fault: unknown): string | undefined {
  for (let at = fault; at instanceof Error; at = at instanceof AggregateError ? at.errors[0] : at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return undefined
}

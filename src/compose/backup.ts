import { existsSync } from 'node:fs'
import { backUp, NotUpToDate, type Progress } from '../adapters/postgres/backup.ts'
import { BrokenBackup } from '../adapters/postgres/backup-lines.ts'
import { type Keeper, keepEmbedded, keepServer } from '../adapters/postgres/keeper.ts'
import { NotEmpty, restore } from '../adapters/postgres/restore.ts'
import { CannotStart } from '../config/cannot-start.ts'
import type { Settings } from '../config.ts'
import { linesOf, writeFile } from './backup-file.ts'
import { makeDataDirectory } from './data-directory.ts'
import { explained, namesOf } from './postgres.ts'

/** Where it goes or comes from, and who hears how far it is. */
export interface Copying {
  /** `-` for standard output or input; ends in `.gz` where it is compressed. */
  readonly file: string
  readonly tell: (progress: Progress) => void
  readonly warn: (what: string) => void
}

/** Writes everything of every owner into a file. @throws {CannotStart} */
export async function backUpDatabase(settings: Settings, { file, tell, warn }: Copying): Promise<void> {
  if (settings.database.kind === 'embedded' && !existsSync(settings.dataDir)) throw new CannotStart(['DATA_DIR is not there'])
  await keeping(settings, warn, (keeper) => writeFile(file, (write) => backUp(keeper, write, tell)))
}

/** Fills an empty database from a file; it is then as the version of the file left it. @param raise see BACKUP-07. @throws {CannotStart} */
export async function restoreDatabase(settings: Settings, raise: number, { file, tell, warn }: Copying): Promise<void> {
  const lines = await linesOf(file)
  if (settings.database.kind === 'embedded') makeDataDirectory(settings.dataDir)
  try {
    await keeping(settings, warn, (keeper) => restore(keeper, lines, raise, tell))
  } finally {
    await lines.return?.()
  }
}

/** As the role that owns the tables: what concerns all owners is nothing for the one that serves. */
async function keeping(settings: Settings, warn: Copying['warn'], work: (keeper: Keeper) => Promise<void>): Promise<void> {
  const { database } = settings
  if (database.kind === 'memory') throw new CannotStart(['DATABASE_URL names a store that keeps nothing'])
  const name = namesOf(database).migrating
  await explained(name, async () => {
    const keeper = await (database.kind === 'server' ? keepServer(database.migrationUrl ?? database.url, warn) : keepEmbedded(settings.dataDir))
    try {
      await work(keeper)
    } catch (fault) {
      throw reasonFor(fault, name)
    } finally {
      await keeper.close()
    }
  })
}

function reasonFor(fault: unknown, name: string): unknown {
  if (fault instanceof BrokenBackup) return new CannotStart([`FILE ${fault.message}`], fault)
  if (fault instanceof NotEmpty) return new CannotStart([`${name} leads to a database that has owners already: a restoration wants an empty one`], fault)
  if (fault instanceof NotUpToDate)
    return new CannotStart([`${name} leads to a database that is not of this version: npm run migrate brings it up to date`], fault)
  return fault
}

import { mkdirSync } from 'node:fs'
import { DirectoryInUse, lockDirectory } from '../adapters/postgres/directory-lock.ts'
import { CannotStart } from '../config/cannot-start.ts'
import type { Settings } from '../config.ts'

/** Makes the folder where there is none, for this user alone: it holds the development key and everybody's tasks. @throws {CannotStart} */
export function makeDataDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown'
    throw new CannotStart([`DATA_DIR cannot be made (${code})`], error)
  }
}

/**
 * Asked before the heavy part of the program is loaded, so that a second server ends at once (RUN-03). The lock that counts is taken
 * when the database is opened. @throws {CannotStart}
 */
export function refuseHeldDirectory({ database, dataDir }: Settings): void {
  if (database.kind !== 'embedded') return
  makeDataDirectory(dataDir)
  try {
    lockDirectory(dataDir).release()
  } catch (fault) {
    throw explainHeld(fault)
  }
}

export const explainHeld = (fault: unknown): unknown =>
  fault instanceof DirectoryInUse ? new CannotStart(['DATA_DIR is held by another server, and one at a time can have it'], fault) : fault

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another server holds the data directory. */
export class DirectoryInUse extends Error {
  constructor(directory: string) {
    super(`the data directory ${directory} is in use by another server: one at a time can hold it`)
    this.name = 'DirectoryInUse'
  }
}

export interface DirectoryLock {
  release(): void
}

/**
 * Takes the directory for this process. The lock is SQLite's on a file, which the operating system drops when its holder dies, however it does:
 * a process id or a time stamp would not do, for two containers on one volume are both process 1.
 * @throws {DirectoryInUse}
 */
export function lockDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true })
  const file = new DatabaseSync(join(directory, 'database.lock'), { timeout: 0 })
  try {
    file.exec('pragma journal_mode = memory; begin exclusive')
    return { release: () => file.close() }
  } catch (fault) {
    file.close()
    const isBusy = fault instanceof Error && 'errcode' in fault && fault.errcode === 5 // SQLITE_BUSY
    throw isBusy ? new DirectoryInUse(directory) : fault
  }
}

import { createMemoryStore } from '../adapters/memory/store.ts'
import type { DueWork } from '../application/due-work.ts'
import type { Levels, Tell } from '../application/observation.ts'
import type { TaskStore } from '../application/ports.ts'
import type { Traceable } from '../application/tracing.ts'
import type { Settings } from '../config.ts'
import { openPostgres, prepare, secretOf } from './postgres.ts'

/** Where tasks are kept, open. */
export interface Storage {
  readonly tasks: TaskStore
  readonly work: DueWork
  readonly secret: Uint8Array
  isReachable(): Promise<boolean>
  /** Undefined where nothing needs it, or the server does it by itself. */
  readonly vacuum?: (() => Promise<void>) | undefined
  readonly connections?: Levels['connections']
  close(): Promise<void>
}

interface Opening extends Traceable {
  /** Whether another process has just looked at role and schema. */
  readonly isPrepared?: boolean
}

/** @throws {CannotStart} */
export async function openStorage(settings: Settings, tell: Tell, { isPrepared = false, span }: Opening = {}): Promise<Storage> {
  if (settings.database.kind === 'memory') {
    const tasks = createMemoryStore(settings.trashDays)
    return { tasks, work: tasks, secret: crypto.getRandomValues(new Uint8Array(32)), isReachable: async () => true, close: async () => {} }
  }
  const database = await openPostgres(settings, tell, span)
  if (!isPrepared) await prepare(database, settings, tell)
  const { tasks, work, isReachable, vacuum, connections, close } = database
  return { tasks, work, secret: await secretOf(database, settings), isReachable, vacuum, connections, close }
}

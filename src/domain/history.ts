import { type Change, changeOf, type JournalField } from './change.ts'
import { completedAt } from './editing.ts'
import type { Instant } from './instant.ts'
import { refuse } from './refusal.ts'
import type { Task } from './task.ts'

/** One line of a task's history: what the journal tells of one change (STORE-04). */
export interface Entry extends Pick<Change, 'kind' | 'at' | 'fields'> {
  /** The owner's number of the change. */
  readonly seq: number
  /** The version that the change made. */
  readonly version: number
  readonly actor: string
}

/** What lies between the present and an earlier version. */
export interface WayBack {
  /** Entries on it that are kept: where one is missing, what was before it is not known. */
  readonly steps: number
  /** The fields that changed on it, as they were before. */
  readonly was: Partial<Pick<Task, JournalField>>
}

/** Walks back from the present: what each entry changed is again what it was before. @param entries the newest first */
export const walkBack = (entries: readonly Pick<Entry, 'fields'>[]): WayBack => ({
  steps: entries.length,
  was: Object.assign({}, ...entries.flatMap(({ fields }) => Object.entries(fields).map(([name, { from }]) => ({ [name]: from })))),
})

/**
 * The writable fields as they were at `version`, as a new version; undefined where nothing differs (REV-03). `completedAt` goes by its own rule (TASK-10).
 * @param way back from `task` to `version`
 * @throws {Refused} no-such-version where it never was, or an entry on the way is not kept any more (REV-02)
 */
export function revert(task: Task, version: number, { steps, was }: WayBack, now: Instant): Change | undefined {
  if (version < 1 || steps !== task.version - version) return refuse({ kind: 'no-such-version' })
  const status = was.status ?? task.status
  return changeOf('reverted', task, { ...task, ...was, completedAt: completedAt(task, status, now) }, now)
}

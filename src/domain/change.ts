import type { Due } from './due.ts'
import type { Instant } from './instant.ts'
import type { Draft, Task } from './task.ts'

export type ChangeKind = 'created' | 'edited' | 'completed' | 'reopened' | 'deleted' | 'restored' | 'reverted'

/** What the journal tells of: what happened to one task, decided and not yet committed. */
export interface Change {
  readonly kind: ChangeKind
  /** When it was decided, which is the task's `updatedAt` afterwards. */
  readonly at: Instant
  readonly before: Task | null
  readonly after: Task
  readonly fields: Fields
}

/** Deletions and restorations are never refused by a quota: a full owner needs them (TASK-19). */
export const isFree = ({ kind }: Pick<Change, 'kind'>): boolean => kind === 'deleted' || kind === 'restored'

/** What a field can be: the writable ones and `completedAt`. */
export type FieldValue = string | readonly string[] | Due | Instant | null

/** For each field that changed what it was and what it became; a creation has none (STORE-05). */
export type Fields = Readonly<Partial<Record<JournalField, { readonly from: FieldValue; readonly to: FieldValue }>>>

export type JournalField = keyof Draft | 'completedAt'

export const JOURNAL_FIELDS = ['title', 'description', 'status', 'priority', 'due', 'tags', 'completedAt'] as const satisfies readonly JournalField[]

/** The change that makes `before` into `after`, with the next version, or undefined where nothing differs (TASK-14). */
export function changeOf(kind: ChangeKind, before: Task, after: Omit<Task, 'version' | 'updatedAt'>, at: Instant): Change | undefined {
  const fields = differences(before, after)
  if (Object.keys(fields).length === 0 && before.deletedAt === after.deletedAt) return undefined
  return { kind, at, before, after: { ...after, updatedAt: at, version: before.version + 1 }, fields }
}

function differences(before: Pick<Task, JournalField>, after: Pick<Task, JournalField>): Fields {
  const changed = JOURNAL_FIELDS.filter((name) => !isSame(before[name], after[name]))
  return Object.fromEntries(changed.map((name) => [name, { from: before[name], to: after[name] }]))
}

const isSame = (a: FieldValue, b: FieldValue): boolean => a === b || (Array.isArray(a) && Array.isArray(b) && a.join() === b.join())

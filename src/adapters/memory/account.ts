import type { LoadedBatch } from '../../application/batch.ts'
import type { Kept, Once } from '../../application/ports.ts'
import type { Change } from '../../domain/change.ts'
import { type Instant, millisecondsOf } from '../../domain/instant.ts'
import { DAY } from '../../domain/retention.ts'
import type { Stored, TaskId } from '../../domain/task.ts'

/** One entry of the journal (STORE-04). */
export interface Entry extends Pick<Change, 'kind' | 'at' | 'fields'> {
  readonly seq: number
  readonly taskId: TaskId
  readonly version: number
  readonly actor: string
}

/** What is left of a purged task (STORE-07). */
export interface Tombstone {
  /** The number and the moment of the trashing. */
  readonly seq: number
  readonly deletedAt: Instant
  readonly purgedAt: Instant
}

/** A batch's answer, and the tasks that its results show. */
export type KeptBatch = NonNullable<LoadedBatch['kept']> & { readonly shows: readonly TaskId[]; readonly at: Instant }

export type KeptAnswer = Kept & { readonly at: Instant }

/** One owner's row and all that belongs to it: plain state, which the functions beside this file look at and change in one step each. */
export interface Account {
  /** The number of the latest change. */
  seq: number
  bytes: number
  /** The highest number of a tombstone that is forgotten. */
  forgotten: number
  /** The owner's number when the trash was emptied last: what was deleted up to it only waits for being erased. */
  emptied: number
  /** Until when the work that is due is taken (STORE-11). */
  claimed: Instant | undefined
  /** Those in the trash too. */
  readonly tasks: Map<TaskId, Stored>
  /** The entries of each task, oldest first. */
  readonly journal: Map<TaskId, Entry[]>
  readonly kept: Map<string, KeptAnswer>
  readonly batches: Map<string, KeptBatch>
  readonly tombstones: Map<TaskId, Tombstone>
}

export const openAccount = (): Account => ({
  seq: 0,
  bytes: 0,
  forgotten: 0,
  emptied: 0,
  claimed: undefined,
  tasks: new Map(),
  journal: new Map(),
  kept: new Map(),
  batches: new Map(),
  tombstones: new Map(),
})

/** The task, if it is there and outside the trash. */
export function live({ tasks }: Account, id: TaskId): Stored | undefined {
  const stored = tasks.get(id)
  return stored?.task.deletedAt === null ? stored : undefined
}

/** The task, if it is in the trash and that was not emptied since. */
export function trashed(account: Account, id: TaskId): Stored | undefined {
  const stored = account.tasks.get(id)
  return stored === undefined || stored.task.deletedAt === null || isEmptiedOut(account, stored) ? undefined : stored
}

/** Whether it was in the trash when that was emptied: nothing shows it any more, and erasing it is due (TRASH-10). */
export const isEmptiedOut = ({ emptied }: Account, { task, seq }: Stored): boolean => task.deletedAt !== null && seq <= emptied

export const nameOf = (once: Once): string => JSON.stringify([once.scope, once.key])

/** What is kept under the key and not yet a day old (IDEM-01). */
export function keptUnder(account: Account, once: Once, now: Instant): Kept | undefined {
  const found = account.kept.get(nameOf(once))
  if (found === undefined || millisecondsOf(now) - millisecondsOf(found.at) >= DAY) return undefined
  const { fingerprint, outcome } = found
  const shown = account.tasks.get(outcome.id)
  return { fingerprint, outcome: shown !== undefined && isEmptiedOut(account, shown) ? { ...outcome, json: null } : outcome }
}

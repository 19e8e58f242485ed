import type { Kept, Once } from '../../application/ports.ts'
import type { Change } from '../../domain/change.ts'
import { type Instant, millisecondsOf } from '../../domain/instant.ts'
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

export type KeptAnswer = Kept & { readonly at: Instant }

/** One owner's row and all that belongs to it: plain state, which the functions beside this file look at and change in one step each. */
export interface Account {
  /** The number of the latest change. */
  seq: number
  bytes: number
  /** The highest number of a tombstone that is forgotten. */
  forgotten: number
  /** Those in the trash too. */
  readonly tasks: Map<TaskId, Stored>
  /** The entries of each task, oldest first. */
  readonly journal: Map<TaskId, Entry[]>
  readonly kept: Map<string, KeptAnswer>
  readonly tombstones: Map<TaskId, Tombstone>
}

export const openAccount = (): Account => ({ seq: 0, bytes: 0, forgotten: 0, tasks: new Map(), journal: new Map(), kept: new Map(), tombstones: new Map() })

export const DAY = 24 * 60 * 60 * 1000

/** The task, if it is there and outside the trash. */
export function live({ tasks }: Account, id: TaskId): Stored | undefined {
  const stored = tasks.get(id)
  return stored?.task.deletedAt === null ? stored : undefined
}

export const nameOf = (once: Once): string => JSON.stringify([once.scope, once.key])

/** What is kept under the key and not yet a day old (IDEM-01). */
export function keptUnder({ kept }: Account, once: Once, now: Instant): Kept | undefined {
  const found = kept.get(nameOf(once))
  if (found === undefined || millisecondsOf(now) - millisecondsOf(found.at) >= DAY) return undefined
  return { fingerprint: found.fingerprint, outcome: found.outcome }
}

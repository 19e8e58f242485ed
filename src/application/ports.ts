import type { Change } from '../domain/change.ts'
import type { Instant } from '../domain/instant.ts'
import type { Owner } from '../domain/owner.ts'
import type { Position, Query } from '../domain/query.ts'
import type { Stored, Task, TaskId } from '../domain/task.ts'
import type { Batches } from './batch.ts'
import type { History } from './history.ts'
import type { Json } from './printing.ts'
import type { Summaries } from './summary.ts'
import type { Changes } from './sync.ts'
import type { Traceable } from './tracing.ts'
import type { Trash } from './trash.ts'
import type { Watched } from './watching.ts'

/** Everything the use cases need from outside. */
export interface Ports extends Traceable {
  readonly tasks: TaskStore
  readonly clock: Clock
  readonly ids: Ids
  readonly quota: Quota
  /** The keyed writes that this process has under way; another process's are told by the store, where the key is unique. */
  readonly underWay: Set<string>
}

export interface Clock {
  now(): Instant
}

export interface Ids {
  /** A UUID of version 7 (RFC 9562), new each time. */
  next(): TaskId
}

/** What one owner may hold: `TASK_QUOTA` in tasks, those in the trash included; `STORAGE_QUOTA` in bytes (STORE-08). */
export interface Quota {
  readonly tasks: number
  readonly bytes: number
}

/** All tasks there are, and no way to reach one without naming its owner (OWN-01). */
export interface TaskStore {
  of(owner: Owner): OwnedTasks
}

/**
 * One owner's tasks. Every method is one consistent look or one atomic step; reads see every commit that was answered before
 * they began. A fault of the store is thrown as `Unavailable` where trying again may help.
 */
export interface OwnedTasks extends Trash, Changes, Watched, History, Summaries, Batches {
  /** The task as it goes out, or undefined where this owner has none of that id outside the trash. */
  read(id: TaskId): Promise<Shown | undefined>

  /** One page of the tasks outside the trash, in the query's order, at most `query.limit` of them. */
  page(query: Query): Promise<TaskPage>

  /**
   * What a write decides on, in one look: the task, if `id` is given and it is outside the trash; what is kept under the key
   * and, at `now`, not yet 24 h old, if one is given.
   */
  load(id: TaskId | undefined, once: Once | undefined, now: Instant): Promise<Loaded>

  /**
   * Writes all of it or nothing: the task, its version, the owner's next sequence number, one journal entry (the task's entry 1,000
   * before it goes), and what is kept under the key. Nothing is written unless the verdict is `committed`.
   */
  commit(commit: Commit): Promise<Verdict>

  /**
   * One small step of what is due at `now`, at most `limit` of each: tasks that have been in the trash for `TRASH_DAYS` are purged
   * (STORE-07), answers kept for 24 h and tombstones of 30 days forgotten. Takes no number.
   * @returns how many there were; 0 once nothing is due any more, and then this owner is not due again before something is
   */
  forget(now: Instant, limit: number): Promise<number>
}

/** A task printed once, with the sequence number its ETag is made of. */
export interface Shown {
  readonly id: TaskId
  readonly json: Json<Task>
  readonly seq: number
}

export interface TaskPage {
  readonly items: Json<readonly Task[]>
  /** Where the next page begins; undefined on the last one. */
  readonly next: Position | undefined
  /** The owner's latest sequence number, which this page is true for; 0 before the first change. */
  readonly seq: number
}

/** Under what a write is kept so that a retry gets the first answer again (IDEM-01). */
export interface Once {
  /** Method, path and query: the same key elsewhere is another key. */
  readonly scope: string
  readonly key: string
  /** SHA-256 of the body's bytes, hexadecimal. */
  readonly fingerprint: string
}

/** What a write did, and what it is answered with. */
export interface Outcome {
  readonly kind: 'created' | 'changed' | 'discarded'
  readonly id: TaskId
  readonly seq: number
  /** The task afterwards; null after a deletion, and where a purge has emptied what was kept. */
  readonly json: Json<Task> | null
}

export interface Kept {
  readonly fingerprint: string
  readonly outcome: Outcome
}

export interface Loaded {
  readonly stored: Stored | undefined
  readonly kept: Kept | undefined
}

export interface Commit {
  /** Undefined: nothing changes, and only the answer is kept. */
  readonly change: Change | undefined
  /** The number of the state that the change was decided on; undefined for a creation. */
  readonly decidedOn: number | undefined
  /** Who did it: `act.sub`, else `client_id` or `azp`, else the owner. */
  readonly actor: string
  readonly now: Instant
  /** Not looked at for a deletion or a restoration, which a full owner needs. */
  readonly quota: Quota
  /** Kept with the number that this commit gives, or with `decidedOn` where nothing changes. */
  readonly keep: { readonly once: Once; readonly outcome: Omit<Outcome, 'seq'> } | undefined
}

export type Verdict =
  | { readonly kind: 'committed' /** Of the change; `decidedOn` where nothing changed. */; readonly seq: number }
  /** The task is no longer as it was decided on, or the key has been kept meanwhile (which is looked at first): load and decide again. */
  | { readonly kind: 'overtaken' }
  /** The id is taken: by a task, one in the trash, or a tombstone. */
  | { readonly kind: 'already-exists' | 'task-quota-exceeded' | 'storage-quota-exceeded' }

/** Something outside is away and may come back: 503 with Retry-After. */
export class Unavailable extends Error {
  /** Seconds. */
  readonly retryAfter: number

  constructor(what: 'database' | 'issuer', options: { readonly cause?: unknown; readonly retryAfter?: number } = {}) {
    super(`${what} unavailable`, { cause: options.cause })
    this.name = 'Unavailable'
    this.retryAfter = options.retryAfter ?? 1
  }
}

import type { Due } from './due.ts'
import type { Instant } from './instant.ts'

/** A UUID in lower case (RFC 9562). Ids are an owner's own: two owners may hold the same one (TASK-03). */
export type TaskId = string & { readonly taskId: unique symbol }

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const isTaskId = (text: string): text is TaskId => UUID.test(text)

export const STATUSES = ['todo', 'in_progress', 'done', 'cancelled'] as const
export type Status = (typeof STATUSES)[number]

/** From the least to the most: the place in the list is the rank it sorts by. */
export const PRIORITIES = ['none', 'low', 'medium', 'high', 'urgent'] as const
export type Priority = (typeof PRIORITIES)[number]

/** What a client may write; a `PUT` sends all of it, a `POST` also an id if it wants. */
export interface Draft {
  readonly title: string
  readonly description: string
  readonly status: Status
  readonly priority: Priority
  readonly due: Due | null
  readonly tags: readonly string[]
}

export interface Task extends Draft {
  readonly id: TaskId
  /** Set when the status becomes `done`, cleared when it leaves it. */
  readonly completedAt: Instant | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  /** 1, and one more with each change, deletion and restoration included. */
  readonly version: number
  /** When it went into the trash; null while it is there. */
  readonly deletedAt: Instant | null
}

/** A task as a store holds it: with the owner's sequence number of the change that made it so, which its ETag is made of. */
export interface Stored {
  readonly task: Task
  readonly seq: number
}

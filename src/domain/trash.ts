import { type Change, changeOf } from './change.ts'
import { type Instant, instantAt, millisecondsOf } from './instant.ts'
import { DAY } from './retention.ts'
import type { Task } from './task.ts'

/** Into the trash: hidden from every read, its fields untouched (TASK-22). */
export const discard = (task: Task, now: Instant): Change | undefined => changeOf('deleted', task, { ...task, deletedAt: now }, now)

/** Out of the trash: its fields as they were, `completedAt` too (TRASH-04). */
export const restore = (task: Task, now: Instant): Change | undefined => changeOf('restored', task, { ...task, deletedAt: null }, now)

/** When the server purges by itself what was deleted then (TRASH-02). @param days `TRASH_DAYS` */
export const purgeAt = (deletedAt: Instant, days: number): Instant => instantAt(millisecondsOf(deletedAt) + days * DAY)

import { type Change, changeOf } from './change.ts'
import type { Instant } from './instant.ts'
import type { Task } from './task.ts'

/** Into the trash: hidden from every read, its fields untouched (TASK-22). */
export const discard = (task: Task, now: Instant): Change | undefined => changeOf('deleted', task, { ...task, deletedAt: now }, now)

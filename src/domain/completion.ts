import { type Change, changeOf } from './change.ts'
import { completedAt } from './editing.ts'
import type { Instant } from './instant.ts'
import type { Status, Task } from './task.ts'

/** `done`, from any status; again changes nothing (TASK-20). */
export const complete = (task: Task, now: Instant): Change | undefined => become('completed', task, 'done', now)

/** A done task is `todo` again; any other is left as it is (TASK-21). */
export const reopen = (task: Task, now: Instant): Change | undefined => (task.status === 'done' ? become('reopened', task, 'todo', now) : undefined)

const become = (kind: 'completed' | 'reopened', task: Task, status: Status, now: Instant): Change | undefined =>
  changeOf(kind, task, { ...task, status, completedAt: completedAt(task, status, now) }, now)

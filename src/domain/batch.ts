import type { Change } from './change.ts'
import { complete, reopen } from './completion.ts'
import { create, type Edit, edit } from './editing.ts'
import type { Instant } from './instant.ts'
import type { Refusal } from './refusal.ts'
import type { Draft, Stored, Task, TaskId } from './task.ts'
import { discard, restore } from './trash.ts'

/** Operations in one batch, at most (BATCH-01). */
export const OPERATIONS = 100

export type Operation =
  | { readonly op: 'create'; readonly id: TaskId | undefined; readonly draft: Draft }
  | (OnTask & { readonly op: 'patch'; readonly edit: Edit })
  | (OnTask & { readonly op: 'complete' | 'reopen' | 'delete' | 'restore' })

interface OnTask {
  readonly id: TaskId
  /** The version that the task must have at this point (BATCH-06); undefined where the operation does not say. */
  readonly ifVersion: number | undefined
}

/** What an operation makes of its task; no change where nothing differs. */
export type Decision =
  | { readonly refusal: Refusal; readonly task?: undefined; readonly change?: undefined }
  | { readonly refusal?: undefined; readonly task: Task; readonly change: Change | undefined }

/**
 * Decides one operation on its task as those before it left it, in the trash or not.
 * @param id of the operation's task: its own, or one made for a creation
 * @param requiresVersion whether `ifVersion` is wanted where a request of its own would want `If-Match` (BATCH-07)
 */
export function decide(operation: Operation, id: TaskId, present: Stored | undefined, now: Instant, requiresVersion: boolean): Decision {
  if (operation.op === 'create') {
    if (present !== undefined) return { refusal: { kind: 'already-exists' } }
    const change = create(id, operation.draft, now)
    return { task: change.after, change }
  }
  const isRestoration = operation.op === 'restore'
  if (present === undefined || (present.task.deletedAt !== null) !== isRestoration) return { refusal: { kind: 'not-found' } }
  if (operation.ifVersion === undefined && requiresVersion && !isRestoration) return { refusal: { kind: 'precondition-required' } }
  if ((operation.ifVersion ?? present.task.version) !== present.task.version) return { refusal: { kind: 'stale', current: present } }
  const change = changeBy(operation, present.task, now)
  return { task: change?.after ?? present.task, change }
}

function changeBy(operation: Exclude<Operation, { op: 'create' }>, task: Task, now: Instant): Change | undefined {
  switch (operation.op) {
    case 'patch':
      return edit(task, operation.edit, now)
    case 'complete':
      return complete(task, now)
    case 'reopen':
      return reopen(task, now)
    case 'delete':
      return discard(task, now)
    case 'restore':
      return restore(task, now)
  }
}

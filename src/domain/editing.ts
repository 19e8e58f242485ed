import { type Change, changeOf } from './change.ts'
import type { Instant } from './instant.ts'
import type { Draft, Status, Task, TaskId } from './task.ts'

/** What a patch sets; a member that is absent stays as it is (RFC 7396). */
export type Edit = { readonly [Field in keyof Draft]?: Draft[Field] | undefined }

/** What a field is that a `POST` or a `PUT` leaves out (TASK-02); the title has no default. */
export const DEFAULTS = { description: '', status: 'todo', priority: 'none', due: null, tags: [] } as const satisfies Omit<Draft, 'title'>

export function create(id: TaskId, draft: Draft, now: Instant): Change {
  const after: Task = { ...draft, id, completedAt: completedAt(null, draft.status, now), createdAt: now, updatedAt: now, version: 1, deletedAt: null }
  return { kind: 'created', at: now, before: null, after, fields: {} }
}

/** Sets what the edit names; a whole draft replaces every writable field. Undefined where nothing changes. */
export function edit(task: Task, edit: Edit, now: Instant): Change | undefined {
  const status = edit.status ?? task.status
  const after = {
    ...task,
    title: edit.title ?? task.title,
    description: edit.description ?? task.description,
    status,
    priority: edit.priority ?? task.priority,
    due: edit.due === undefined ? task.due : edit.due,
    tags: edit.tags ?? task.tags,
    completedAt: completedAt(task, status, now),
  }
  return changeOf('edited', task, after, now)
}

/** Set when the status becomes `done`, kept while it is, cleared when it leaves it (TASK-10). */
export function completedAt(task: Task | null, status: Status, now: Instant): Instant | null {
  return status !== 'done' ? null : task?.status === 'done' ? task.completedAt : now
}

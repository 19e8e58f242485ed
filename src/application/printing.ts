import type { Task } from '../domain/task.ts'
import type { Trashed } from './trash.ts'

/** JSON text that remembers what it is of: a page leaves the store already printed, and is never parsed on its way out. */
export type Json<T> = string & { readonly of: T }

/** What goes out of a task, in the contract's order. */
const shown = ({ id, title, description, status, priority, due, tags, completedAt, createdAt, updatedAt, version }: Task) =>
  ({ id, title, description, status, priority, due, tags, completedAt, createdAt, updatedAt, version }) satisfies Omit<Task, 'deletedAt'>

/** Takes text that a database printed for what it says it is; the contract suite decodes it. */
export const asJson = <T>(text: string): Json<T> => text as Json<T>

export const print = (task: Task): Json<Task> => asJson(JSON.stringify(shown(task)))

/** A task in the trash: the same, and when it was deleted and is purged. */
export const printTrashed = (task: Trashed): Json<Trashed> => asJson(JSON.stringify({ ...shown(task), deletedAt: task.deletedAt, purgeAt: task.purgeAt }))

/** A task that would be made, whose id would be made then (BATCH-08). */
export const printProposed = (task: Task): Json<Task> => asJson(JSON.stringify({ ...shown(task), id: null }))

/** For stores that hold rows: the items of a page. */
export const printAll = (tasks: readonly Task[]): Json<readonly Task[]> => asJson(`[${tasks.map(print).join(',')}]`)

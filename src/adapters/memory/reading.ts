import type { Loaded, Once, Shown, TaskPage } from '../../application/ports.ts'
import { print, printAll } from '../../application/printing.ts'
import type { Instant } from '../../domain/instant.ts'
import { comparePositions, matches, type Position, type Query, type SortField, sortKey } from '../../domain/query.ts'
import type { Task, TaskId } from '../../domain/task.ts'
import { type Account, keptUnder, live, trashed } from './account.ts'

export function read(account: Account, id: TaskId): Shown | undefined {
  const stored = live(account, id)
  return stored && { id, json: print(stored.task), seq: stored.seq }
}

export function page({ tasks, seq }: Account, { filter, sort, limit, from }: Query): TaskPage {
  const found = [...tasks.values()]
    .map(({ task }) => task)
    .filter((task) => task.deletedAt === null && matches(task, filter))
    .filter((task) => from === undefined || comparePositions(positionOf(task, sort.field), from, sort) > 0)
    .sort((a, b) => comparePositions(positionOf(a, sort.field), positionOf(b, sort.field), sort))
  const shown = found.slice(0, limit)
  const last = found.length > limit ? shown.at(-1) : undefined
  return { items: printAll(shown), next: last && positionOf(last, sort.field), seq }
}

const positionOf = (task: Task, field: SortField): Position => ({ key: sortKey(task, field), id: task.id })

export const load = (account: Account, id: TaskId | undefined, once: Once | undefined, now: Instant): Loaded => ({
  stored: id && live(account, id),
  kept: once && keptUnder(account, once, now),
})

export const loadTrashed = (account: Account, id: TaskId, once: Once | undefined, now: Instant): Loaded => ({
  stored: trashed(account, id),
  kept: once && keptUnder(account, once, now),
})

import { type DueBound, dueOrder, isDueWithin } from './due.ts'
import { millisecondsOf } from './instant.ts'
import { PRIORITIES, type Priority, type Status, type Task } from './task.ts'
import { compareText, folded } from './text.ts'

export const SORT_FIELDS = ['createdAt', 'updatedAt', 'due', 'priority', 'title'] as const
export type SortField = (typeof SORT_FIELDS)[number]

export interface Sort {
  readonly field: SortField
  readonly descending: boolean
}

/** What a task must be to be on the list; an empty list asks for nothing. */
export interface Filter {
  /** Any of them. */
  readonly statuses: readonly Status[]
  /** Any of them. */
  readonly priorities: readonly Priority[]
  /** All of them, exactly. */
  readonly tags: readonly string[]
  readonly dueAfter: DueBound | undefined
  readonly dueBefore: DueBound | undefined
  /** Folded; each occurs in the title or in the description. */
  readonly words: readonly string[]
}

/** Where a page begins: just beyond the task whose sort key and id these are. A due date that is not there has the key null. */
export interface Position {
  readonly key: string | number | null
  readonly id: string
}

export interface Query {
  readonly filter: Filter
  readonly sort: Sort
  /** 1 to 100. */
  readonly limit: number
  readonly from: Position | undefined
}

/** What a task sorts by: milliseconds, a rank or folded text; null for no due date, which comes last either way (LIST-05). */
export function sortKey(task: Task, field: SortField): string | number | null {
  switch (field) {
    case 'createdAt':
    case 'updatedAt':
      return millisecondsOf(task[field])
    case 'due':
      return task.due === null ? null : dueOrder(task.due)
    case 'priority':
      return PRIORITIES.indexOf(task.priority)
    case 'title':
      return folded(task.title)
  }
}

/** Before (negative) or after (positive) in the order of the list: by key, ties by id in the same direction (LIST-05). */
export function comparePositions(a: Position, b: Position, sort: Sort): number {
  if (a.key === null || b.key === null) {
    if (a.key !== b.key) return a.key === null ? 1 : -1
  }
  const byKey = typeof a.key === 'string' || typeof b.key === 'string' ? compareText(String(a.key), String(b.key)) : (a.key ?? 0) - (b.key ?? 0)
  const order = byKey || compareText(a.id, b.id)
  return sort.descending ? -order : order
}

export function matches(task: Task, filter: Filter): boolean {
  return (
    isAnyOf(task.status, filter.statuses) &&
    isAnyOf(task.priority, filter.priorities) &&
    filter.tags.every((tag) => task.tags.includes(tag)) &&
    (filter.dueAfter === undefined && filter.dueBefore === undefined ? true : task.due !== null && isDueWithin(task.due, filter.dueAfter, filter.dueBefore)) &&
    hasWords(task, filter.words)
  )
}

const isAnyOf = <T>(value: T, wanted: readonly T[]): boolean => wanted.length === 0 || wanted.includes(value)

/** Title and description as words are looked for in them: folded, a line each, so that no word spans the two. */
export const searchText = (task: Pick<Task, 'title' | 'description'>): string => `${folded(task.title)}\n${folded(task.description)}`

function hasWords(task: Task, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const text = searchText(task)
  return words.every((word) => text.includes(word))
}

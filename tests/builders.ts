import { createMemoryStore } from '../src/adapters/memory/store.ts'
import type { Once, Ports, TaskStore } from '../src/application/ports.ts'
import { Principal } from '../src/application/principal.ts'
import { type Due, due, dueBound } from '../src/domain/due.ts'
import { DEFAULTS } from '../src/domain/editing.ts'
import { type Instant, instantAt } from '../src/domain/instant.ts'
import type { Filter, Query } from '../src/domain/query.ts'
import { Refused } from '../src/domain/refusal.ts'
import { type Draft, isTaskId, type Task, type TaskId } from '../src/domain/task.ts'

/** The first moment of every test's clock. */
export const BEGINNING = Date.parse('2026-11-24T09:00:00.000Z')

export const at = (milliseconds: number): Instant => instantAt(BEGINNING + milliseconds)

/** An id that reads as its number: `00000000-0000-7000-8000-000000000007`. */
export function idOf(number: number): TaskId {
  const text = `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
  if (!isTaskId(text)) throw new Error(`no id: ${text}`)
  return text
}

export function dueOf(raw: string): Due {
  const checked = due(raw)
  if (!checked.ok) throw new Error(checked.flaw)
  return checked.value
}

export function boundOf(raw: string, timeZone = 'UTC') {
  const checked = dueBound(raw, timeZone)
  if (!checked.ok) throw new Error(checked.flaw)
  return checked.value
}

export const draftOf = (some: Partial<Draft> = {}): Draft => ({ ...DEFAULTS, title: 'Buy milk', ...some })

export const taskOf = (some: Partial<Task> = {}): Task => ({
  ...draftOf(),
  id: idOf(1),
  completedAt: null,
  createdAt: at(0),
  updatedAt: at(0),
  version: 1,
  deletedAt: null,
  ...some,
})

export const NO_FILTER: Filter = { statuses: [], priorities: [], tags: [], dueAfter: undefined, dueBefore: undefined, words: [] }

export const queryOf = (some: Partial<Query> = {}): Query => ({
  filter: NO_FILTER,
  sort: { field: 'createdAt', descending: true },
  limit: 20,
  from: undefined,
  ...some,
})

export const principalOf = (subject: string, scope?: unknown): Principal => new Principal({ subject, scope, actor: undefined, expiresAt: 0 })

export const onceOf = (key: string, fingerprint = 'f', scope = 'POST /api/tasks'): Once => ({ scope, key, fingerprint })

/** Ports over a store, with a clock that goes on by a millisecond each time it is looked at, and ids that count. */
export function portsOver(store: TaskStore = createMemoryStore(), quota = { tasks: 1000, bytes: 10_000_000 }): Ports {
  let time = 0
  let number = 0
  return { tasks: store, clock: { now: () => at(time++) }, ids: { next: () => idOf(++number) }, quota, underWay: new Set() }
}

/** The kind of refusal that the work ends with, or `none`. Any other fault is thrown on. */
export async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work()
    return 'none'
  } catch (fault) {
    if (fault instanceof Refused) return fault.refusal.kind
    throw fault
  }
}

import { decide, type Operation } from '../domain/batch.ts'
import type { Change } from '../domain/change.ts'
import type { Instant } from '../domain/instant.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Stored, Task, TaskId } from '../domain/task.ts'
import type { BatchCommit, BatchTerms, Result } from './batch.ts'
import { print, printProposed } from './printing.ts'

/** What a batch would do, up to the first operation that is refused. */
export interface Plan extends Pick<BatchCommit, 'unchanged'> {
  readonly results: readonly Result[]
  readonly shows: readonly TaskId[]
  readonly changes: readonly { readonly change: Change; readonly decidedOn: number | undefined; readonly index: number }[]
  readonly refused: { readonly refusal: Refusal; readonly index: number } | undefined
}

/** Carries the operations out on what was loaded, each on what those before it left, up to the first that is refused (BATCH-02, BATCH-05). */
export function plan(
  operations: readonly { readonly operation: Operation; readonly id: TaskId }[],
  stored: readonly Stored[],
  now: Instant,
  { dryRun = false, requiresVersion = false }: Pick<BatchTerms, 'dryRun' | 'requiresVersion'>,
): Plan {
  const tasks = new Map(stored.map((one) => [one.task.id, one]))
  const changed = new Set<TaskId>()
  const shows = new Set<TaskId>()
  const results: Result[] = []
  const changes: Plan['changes'][number][] = []
  const unchanged: Plan['unchanged'][number][] = []
  for (const [index, { operation, id }] of operations.entries()) {
    const present = tasks.get(id)
    const { refusal, task, change } = decide(operation, id, present, now, requiresVersion)
    if (refusal !== undefined) return { results, shows: [...shows], changes, unchanged, refused: { refusal, index } }
    const decidedOn = changed.has(id) ? undefined : present?.seq
    if (change !== undefined) changes.push({ change, decidedOn, index })
    else if (decidedOn !== undefined) unchanged.push({ id, seq: decidedOn })
    if (change !== undefined) changed.add(id)
    tasks.set(id, { task, seq: present?.seq ?? 0 })
    const json = shown(operation, task, dryRun)
    if (json !== null) shows.add(id)
    results.push({ kind: KINDS[operation.op], json })
  }
  return { results, shows: [...shows], changes, unchanged, refused: undefined }
}

/** The ids that the server would make are not told before it makes them (BATCH-08). */
function shown(operation: Operation, task: Task, dryRun: boolean): Result['json'] {
  if (operation.op === 'delete') return null
  return dryRun && operation.op === 'create' && operation.id === undefined ? printProposed(task) : print(task)
}

const KINDS = {
  create: 'created',
  patch: 'changed',
  complete: 'changed',
  reopen: 'changed',
  delete: 'discarded',
  restore: 'changed',
} as const satisfies Record<Operation['op'], Result['kind']>

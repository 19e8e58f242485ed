import type { Commit, Kept, Loaded, Once, OwnedTasks, Shown, TaskPage, Verdict } from '../../application/ports.ts'
import { print, printAll } from '../../application/printing.ts'
import type { Change } from '../../domain/change.ts'
import { type Instant, millisecondsOf } from '../../domain/instant.ts'
import { comparePositions, matches, type Position, type Query, type SortField, sortKey } from '../../domain/query.ts'
import type { Stored, Task, TaskId } from '../../domain/task.ts'
import { answerWeight, entryWeight, taskWeight } from '../../domain/weight.ts'

interface Entry extends Pick<Change, 'kind' | 'at' | 'fields'> {
  readonly seq: number
  readonly taskId: TaskId
  readonly version: number
  readonly actor: string
}

/** Entries of a task that are kept while the task is (STORE-06). */
const ENTRIES_KEPT = 1000
const DAY = 24 * 60 * 60 * 1000
/** Days that a tombstone stays after the purge (STORE-07). */
const TOMBSTONE_DAYS = 30

/** One owner's row and all that belongs to it. No step waits for anything, so each is atomic. */
export class Account implements OwnedTasks {
  #seq = 0
  #bytes = 0
  readonly #tasks = new Map<TaskId, Stored>()
  readonly #journal = new Map<TaskId, Entry[]>()
  readonly #kept = new Map<string, Kept & { readonly at: Instant }>()
  /** By id, when the task was purged. */
  readonly #tombstones = new Map<TaskId, Instant>()
  readonly #trashDays: number

  constructor(trashDays: number) {
    this.#trashDays = trashDays
  }

  async read(id: TaskId): Promise<Shown | undefined> {
    const stored = this.#live(id)
    return stored && { id, json: print(stored.task), seq: stored.seq }
  }

  async page({ filter, sort, limit, from }: Query): Promise<TaskPage> {
    const found = [...this.#tasks.values()]
      .map(({ task }) => task)
      .filter((task) => task.deletedAt === null && matches(task, filter))
      .filter((task) => from === undefined || comparePositions(positionOf(task, sort.field), from, sort) > 0)
      .sort((a, b) => comparePositions(positionOf(a, sort.field), positionOf(b, sort.field), sort))
    const shown = found.slice(0, limit)
    const last = found.length > limit ? shown.at(-1) : undefined
    return { items: printAll(shown), next: last && positionOf(last, sort.field), seq: this.#seq }
  }

  async load(id: TaskId | undefined, once: Once | undefined, now: Instant): Promise<Loaded> {
    return { stored: id && this.#live(id), kept: once && this.#keptUnder(once, now) }
  }

  async commit(commit: Commit): Promise<Verdict> {
    const refused = this.#objection(commit)
    if (refused !== undefined) return refused
    const { change, keep } = commit
    if (change !== undefined) this.#record(change.after, { ...change, ...commit, taskId: change.after.id, version: change.after.version, seq: ++this.#seq })
    const seq = change === undefined ? (commit.decidedOn ?? 0) : this.#seq
    if (keep !== undefined) this.#keep(keep.once, { fingerprint: keep.once.fingerprint, outcome: { ...keep.outcome, seq }, at: commit.now })
    return { kind: 'committed', seq }
  }

  async forget(now: Instant, limit: number): Promise<number> {
    const { tasks, keys, tombstones } = this.#due(now)
    for (const stored of tasks.slice(0, limit)) this.#purge(stored, now)
    for (const name of keys.slice(0, limit)) this.#forgetKey(name)
    for (const id of tombstones.slice(0, limit)) this.#tombstones.delete(id)
    return Math.min(tasks.length, limit) + Math.min(keys.length, limit) + Math.min(tombstones.length, limit)
  }

  isDue(now: Instant): boolean {
    const { tasks, keys, tombstones } = this.#due(now)
    return tasks.length + keys.length + tombstones.length > 0
  }

  #due(now: Instant) {
    const isOver = (at: Instant | null, days: number): boolean => at !== null && millisecondsOf(now) - millisecondsOf(at) >= days * DAY
    return {
      tasks: [...this.#tasks.values()].filter(({ task }) => isOver(task.deletedAt, this.#trashDays)),
      keys: [...this.#kept].filter(([, { at }]) => isOver(at, 1)).map(([name]) => name),
      tombstones: [...this.#tombstones].filter(([, at]) => isOver(at, TOMBSTONE_DAYS)).map(([id]) => id),
    }
  }

  #purge({ task }: Stored, now: Instant): void {
    for (const entry of this.#journal.get(task.id) ?? []) this.#bytes -= entryWeight(entry.fields)
    this.#bytes -= taskWeight(task)
    this.#journal.delete(task.id)
    this.#tasks.delete(task.id)
    this.#tombstones.set(task.id, now)
    for (const [name, kept] of this.#kept) {
      if (kept.outcome.id !== task.id) continue
      this.#bytes -= answerWeight(kept.outcome.json) - answerWeight(null)
      this.#kept.set(name, { ...kept, outcome: { ...kept.outcome, json: null } })
    }
  }

  #forgetKey(name: string): void {
    this.#bytes -= answerWeight(this.#kept.get(name)?.outcome.json ?? null)
    this.#kept.delete(name)
  }

  #live(id: TaskId): Stored | undefined {
    const stored = this.#tasks.get(id)
    return stored?.task.deletedAt === null ? stored : undefined
  }

  #keptUnder(once: Once, now: Instant): Kept | undefined {
    const kept = this.#kept.get(nameOf(once))
    if (kept === undefined || millisecondsOf(now) - millisecondsOf(kept.at) >= DAY) return undefined
    return { fingerprint: kept.fingerprint, outcome: kept.outcome }
  }

  #objection({ change, decidedOn, keep, quota, now }: Commit): Verdict | undefined {
    if (keep !== undefined && this.#keptUnder(keep.once, now) !== undefined) return { kind: 'overtaken' }
    if (change === undefined) return undefined
    const present = this.#tasks.get(change.after.id)
    if (change.before !== null && present?.seq !== decidedOn) return { kind: 'overtaken' }
    if (change.before === null && (present !== undefined || this.#tombstones.has(change.after.id))) return { kind: 'already-exists' }
    if (change.before === null && this.#tasks.size >= quota.tasks) return { kind: 'task-quota-exceeded' }
    const added =
      taskWeight(change.after) - (change.before ? taskWeight(change.before) : 0) + entryWeight(change.fields) + (keep ? answerWeight(keep.outcome.json) : 0)
    const isFree = change.kind === 'deleted' || change.kind === 'restored'
    return !isFree && this.#bytes + added > quota.bytes ? { kind: 'storage-quota-exceeded' } : undefined
  }

  #record(after: Task, { seq, taskId, version, kind, at, actor, fields }: Entry): void {
    const before = this.#tasks.get(taskId)
    const journal = this.#journal.get(taskId) ?? []
    journal.push({ seq, taskId, version, kind, at, actor, fields })
    const forgotten = journal.length > ENTRIES_KEPT ? journal.shift() : undefined
    this.#tasks.set(taskId, { task: after, seq })
    this.#journal.set(taskId, journal)
    this.#bytes += taskWeight(after) - (before ? taskWeight(before.task) : 0) + entryWeight(fields) - (forgotten ? entryWeight(forgotten.fields) : 0)
  }

  #keep(once: Once, kept: Kept & { readonly at: Instant }): void {
    const before = this.#kept.get(nameOf(once))
    this.#kept.set(nameOf(once), kept)
    this.#bytes += answerWeight(kept.outcome.json) - (before ? answerWeight(before.outcome.json) : 0)
  }
}

const positionOf = (task: Task, field: SortField): Position => ({ key: sortKey(task, field), id: task.id })

const nameOf = (once: Once): string => JSON.stringify([once.scope, once.key])

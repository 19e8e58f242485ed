import { type Instant, millisecondsOf } from '../../domain/instant.ts'
import { DAY, TOMBSTONE_DAYS } from '../../domain/retention.ts'
import type { Stored, TaskId } from '../../domain/task.ts'
import { answerWeight, entryWeight, taskWeight } from '../../domain/weight.ts'
import { type Account, isEmptiedOut } from './account.ts'
import { emptyBatches, forgetBatch } from './batch.ts'

export function forget(account: Account, now: Instant, limit: number, trashDays: number): number {
  const { tasks, keys, tombstones } = due(account, now, trashDays)
  for (const stored of tasks.slice(0, limit)) purge(account, stored, now)
  for (const name of keys.slice(0, limit)) forgetKey(account, name)
  for (const id of tombstones.slice(0, limit)) forgetTombstone(account, id)
  if (tasks.length + keys.length + tombstones.length === 0) account.claimed = undefined
  return Math.min(tasks.length, limit) + Math.min(keys.length, limit) + Math.min(tombstones.length, limit)
}

export function isDue(account: Account, now: Instant, trashDays: number): boolean {
  const { tasks, keys, tombstones } = due(account, now, trashDays)
  return (account.claimed === undefined || account.claimed <= now) && tasks.length + keys.length + tombstones.length > 0
}

export function claim(account: Account, now: Instant, until: Instant, trashDays: number): boolean {
  if (!isDue(account, now, trashDays)) return false
  account.claimed = until
  return true
}

function due(account: Account, now: Instant, trashDays: number) {
  const isOver = (at: Instant | null, days: number): boolean => at !== null && millisecondsOf(now) - millisecondsOf(at) >= days * DAY
  return {
    tasks: [...account.tasks.values()].filter((stored) => isOver(stored.task.deletedAt, trashDays) || isEmptiedOut(account, stored)),
    keys: [...account.kept, ...account.batches].filter(([, { at }]) => isOver(at, 1)).map(([name]) => name),
    tombstones: [...account.tombstones].filter(([, { purgedAt }]) => isOver(purgedAt, TOMBSTONE_DAYS)).map(([id]) => id),
  }
}

/** Takes no number: erases the task, its entries and the bodies of kept answers that show it, and leaves a tombstone (STORE-07). */
export function purge(account: Account, { task, seq }: Stored, now: Instant): void {
  for (const entry of account.journal.get(task.id) ?? []) account.bytes -= entryWeight(entry.fields)
  account.bytes -= taskWeight(task)
  account.journal.delete(task.id)
  account.tasks.delete(task.id)
  account.tombstones.set(task.id, { seq, deletedAt: task.deletedAt ?? now, purgedAt: now })
  emptyBatches(account, task.id)
  for (const [name, kept] of account.kept) {
    if (kept.outcome.id !== task.id) continue
    account.bytes -= answerWeight(kept.outcome.json) - answerWeight(null)
    account.kept.set(name, { ...kept, outcome: { ...kept.outcome, json: null } })
  }
}

function forgetKey(account: Account, name: string): void {
  const kept = account.kept.get(name)
  if (kept === undefined) return forgetBatch(account, name)
  account.bytes -= answerWeight(kept.outcome.json)
  account.kept.delete(name)
}

function forgetTombstone(account: Account, id: TaskId): void {
  account.forgotten = Math.max(account.forgotten, account.tombstones.get(id)?.seq ?? 0)
  account.tombstones.delete(id)
}

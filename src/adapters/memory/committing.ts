import type { Commit, Once, Verdict } from '../../application/ports.ts'
import { isFree } from '../../domain/change.ts'
import { ENTRIES_KEPT } from '../../domain/retention.ts'
import type { Task } from '../../domain/task.ts'
import { answerWeight, entryWeight, taskWeight } from '../../domain/weight.ts'
import { type Account, type Entry, isEmptiedOut, type KeptAnswer, keptUnder, nameOf } from './account.ts'

export function commit(account: Account, commit: Commit): Verdict {
  const refused = objection(account, commit)
  if (refused !== undefined) return refused
  const { change, keep } = commit
  if (change !== undefined)
    record(account, change.after, { ...change, actor: commit.actor, taskId: change.after.id, version: change.after.version, seq: ++account.seq })
  const seq = change === undefined ? (commit.decidedOn ?? 0) : account.seq
  if (keep !== undefined) keepAnswer(account, keep.once, { fingerprint: keep.once.fingerprint, outcome: { ...keep.outcome, seq }, at: commit.now })
  return { kind: 'committed', seq }
}

/** What stands in the way, the first of it; the key is looked at first. */
function objection(account: Account, { change, decidedOn, keep, quota, now }: Commit): Verdict | undefined {
  if (keep !== undefined && keptUnder(account, keep.once, now) !== undefined) return { kind: 'overtaken' }
  const id = change?.after.id ?? keep?.outcome.id
  const present = id === undefined ? undefined : account.tasks.get(id)
  const isDecidedOn = change === undefined ? keep !== undefined : change.before !== null
  if (isDecidedOn && (present === undefined || present.seq !== decidedOn || isEmptiedOut(account, present))) return { kind: 'overtaken' }
  if (change === undefined) return undefined
  if (change.before === null && (present !== undefined || account.tombstones.has(change.after.id))) return { kind: 'already-exists' }
  if (change.before === null && account.tasks.size >= quota.tasks) return { kind: 'task-quota-exceeded' }
  const added =
    taskWeight(change.after) - (change.before ? taskWeight(change.before) : 0) + entryWeight(change.fields) + (keep ? answerWeight(keep.outcome.json) : 0)
  return !isFree(change) && account.bytes + added > quota.bytes ? { kind: 'storage-quota-exceeded' } : undefined
}

function record(account: Account, after: Task, entry: Entry): void {
  const before = account.tasks.get(after.id)
  const journal = account.journal.get(after.id) ?? []
  const { seq, taskId, version, kind, at, actor, fields } = entry
  journal.push({ seq, taskId, version, kind, at, actor, fields })
  const forgotten = journal.length > ENTRIES_KEPT ? journal.shift() : undefined
  account.tasks.set(after.id, { task: after, seq })
  account.journal.set(after.id, journal)
  account.bytes += taskWeight(after) - (before ? taskWeight(before.task) : 0) + entryWeight(fields) - (forgotten ? entryWeight(forgotten.fields) : 0)
}

export function keepAnswer(account: Account, once: Once, answer: KeptAnswer): void {
  const before = account.kept.get(nameOf(once))
  account.kept.set(nameOf(once), answer)
  account.bytes += answerWeight(answer.outcome.json) - (before ? answerWeight(before.outcome.json) : 0)
}

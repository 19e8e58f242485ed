import type { BatchCommit, BatchOutcome, BatchVerdict, LoadedBatch } from '../../application/batch.ts'
import type { Once } from '../../application/ports.ts'
import { isFree } from '../../domain/change.ts'
import { type Instant, millisecondsOf } from '../../domain/instant.ts'
import { DAY } from '../../domain/retention.ts'
import type { TaskId } from '../../domain/task.ts'
import { answerWeight } from '../../domain/weight.ts'
import { type Account, isEmptiedOut, type KeptBatch, live, nameOf, trashed } from './account.ts'
import { commit } from './committing.ts'

export const loadAll = (account: Account, ids: readonly TaskId[], once: Once | undefined, now: Instant): LoadedBatch => ({
  stored: ids.flatMap((id) => live(account, id) ?? trashed(account, id) ?? []),
  kept: once && keptBatch(account, once, now),
})

export function commitAll(account: Account, batch: BatchCommit, rehearsal: boolean): BatchVerdict {
  const takeBack = snapshot(account, batch)
  const verdict = carryOut(account, batch)
  if (rehearsal || verdict.kind !== 'committed') takeBack()
  return verdict
}

function carryOut(account: Account, { changes, unchanged, actor, now, quota, once, keep }: BatchCommit): BatchVerdict {
  if (once !== undefined && keptBatch(account, once, now) !== undefined) return { kind: 'overtaken' }
  if (unchanged.some(({ id, seq }) => account.tasks.get(id)?.seq !== seq)) return { kind: 'overtaken' }
  const numbers = new Map<TaskId, number>()
  for (const [at, { change, decidedOn }] of changes.entries()) {
    const { id } = change.after
    const verdict = commit(account, { change, decidedOn: numbers.get(id) ?? decidedOn, actor, now, quota, keep: undefined })
    if (verdict.kind === 'overtaken') return { kind: 'overtaken' }
    if (verdict.kind !== 'committed') return { kind: verdict.kind, at }
    numbers.set(id, verdict.seq)
  }
  if (once === undefined || keep === undefined) return { kind: 'committed' }
  const { outcome, shows } = keep
  const at = changes.findLastIndex(({ change }) => !isFree(change))
  if (at >= 0 && account.bytes + batchWeight(outcome) > quota.bytes) return { kind: 'storage-quota-exceeded', at }
  forgetBatch(account, nameOf(once))
  account.batches.set(nameOf(once), { fingerprint: once.fingerprint, outcome, shows, at: now })
  account.bytes += batchWeight(outcome)
  return { kind: 'committed' }
}

/** What undoes everything that the batch may do. */
function snapshot(account: Account, { changes, once }: BatchCommit): () => void {
  const { seq, bytes } = account
  const ids = [...new Set(changes.map(({ change }) => change.after.id))]
  const before = ids.map((id) => ({ id, task: account.tasks.get(id), journal: account.journal.get(id)?.slice() }))
  const kept = once && account.batches.get(nameOf(once))
  return () => {
    Object.assign(account, { seq, bytes })
    for (const { id, task, journal } of before) {
      put(account.tasks, id, task)
      put(account.journal, id, journal)
    }
    if (once !== undefined) put(account.batches, nameOf(once), kept)
  }
}

function put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

/** What is kept under the key and not yet a day old, without its tasks where one of them only waits for being erased (BATCH-10). */
function keptBatch(account: Account, once: Once, now: Instant): LoadedBatch['kept'] {
  const found = account.batches.get(nameOf(once))
  if (found === undefined || millisecondsOf(now) - millisecondsOf(found.at) >= DAY) return undefined
  const { fingerprint, outcome, shows } = found
  const isEmptied = shows.some((id) => {
    const stored = account.tasks.get(id)
    return stored !== undefined && isEmptiedOut(account, stored)
  })
  return { fingerprint, outcome: isEmptied ? emptied(outcome) : outcome }
}

const emptied = ({ results }: BatchOutcome): BatchOutcome => ({ results: results.map(({ kind }) => ({ kind, json: null })) })

/** A purge empties what is kept of the batches that show the task (STORE-07). */
export function emptyBatches(account: Account, id: TaskId): void {
  for (const [name, kept] of account.batches) {
    if (!kept.shows.includes(id)) continue
    const bare: KeptBatch = { ...kept, outcome: emptied(kept.outcome), shows: [] }
    account.bytes -= batchWeight(kept.outcome) - batchWeight(bare.outcome)
    account.batches.set(name, bare)
  }
}

export function forgetBatch(account: Account, name: string): void {
  const kept = account.batches.get(name)
  if (kept !== undefined) account.bytes -= batchWeight(kept.outcome)
  account.batches.delete(name)
}

/** The texts that are kept, a line each; of a batch that shows nothing none (STORE-08). */
const batchWeight = ({ results }: BatchOutcome): number =>
  answerWeight(results.some(({ json }) => json !== null) ? results.map(({ json }) => json ?? '').join('\n') : null)

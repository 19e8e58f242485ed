import type { Operation } from '../domain/batch.ts'
import type { Change } from '../domain/change.ts'
import type { Instant } from '../domain/instant.ts'
import { refuse } from '../domain/refusal.ts'
import type { Stored, Task, TaskId } from '../domain/task.ts'
import { again } from './changing.ts'
import { once } from './once.ts'
import { type Plan, plan } from './planning.ts'
import type { Commit, Once, Outcome, Ports, Verdict } from './ports.ts'
import type { Principal } from './principal.ts'
import type { Json } from './printing.ts'

/** What batches ask of one owner's tasks. */
export interface Batches {
  /** What a batch decides on, in one look: those of the tasks that there are, in the trash too; and what is kept under the key, with which no task need come. */
  loadAll(ids: readonly TaskId[], once: Once | undefined, now: Instant): Promise<LoadedBatch>

  /**
   * Writes all of it or nothing, each change as `commit` does, in their order, and no reader sees a part of it. Nothing is written unless the verdict
   * is `committed`; in a rehearsal not then either.
   */
  commitAll(batch: BatchCommit, rehearsal: boolean): Promise<BatchVerdict>
}

export interface LoadedBatch {
  readonly stored: readonly Stored[]
  readonly kept: { readonly fingerprint: string; readonly outcome: BatchOutcome } | undefined
}

/** What each operation did, in their order. */
export interface BatchOutcome {
  readonly results: readonly Result[]
}

export interface Result extends Pick<Outcome, 'kind'> {
  /** The task at that point; null after a deletion, and all are null where a purge has emptied what was kept. */
  readonly json: Json<Task> | null
}

export interface BatchCommit extends Pick<Commit, 'actor' | 'now' | 'quota'> {
  /** `decidedOn` is that of `Commit`; undefined also where an earlier one of these changes the same task. */
  readonly changes: readonly { readonly change: Change; readonly decidedOn: number | undefined }[]
  /** Tasks that answers show and nothing changes: they must still have this number. */
  readonly unchanged: readonly { readonly id: TaskId; readonly seq: number }[]
  /** Looked at first: overtaken where it has been kept meanwhile. */
  readonly once: Once | undefined
  /** What is kept under it, with the ids of the tasks that the results show. */
  readonly keep: { readonly outcome: BatchOutcome; readonly shows: readonly TaskId[] } | undefined
}

export type BatchVerdict =
  | { readonly kind: 'committed' }
  | { readonly kind: 'overtaken' }
  /** @property at which change: the last one that a quota holds for, where the kept answer is what is too much */
  | { readonly kind: Exclude<Verdict['kind'], 'committed' | 'overtaken'>; readonly at: number }

export interface BatchTerms {
  readonly once?: Once | undefined
  /** Answers what would happen, and changes nothing (BATCH-08). */
  readonly dryRun?: boolean
  /** Whether `ifVersion` is wanted (BATCH-07). */
  readonly requiresVersion?: boolean
}

/**
 * All operations, or none (BATCH-03).
 * @param asked gives the operations, or throws what the caller holds back until the key has been looked at (HTTP-30)
 * @throws {Refused} with the operation's index: not-found, precondition-required, stale, already-exists and the quotas; without: those of the key
 */
export const runBatch =
  (ports: Ports) =>
  async (principal: Principal, asked: () => readonly Operation[], terms: BatchTerms = {}): Promise<BatchOutcome> => {
    const owner = principal.mayWrite()
    if (terms.dryRun) principal.mayRead()
    const key = terms.dryRun ? undefined : terms.once
    const mine = ports.tasks.of(owner)
    return once(ports.underWay, owner, key, async () => {
      const known = key && (await mine.loadAll([], key, ports.clock.now())).kept
      if (known !== undefined) return again(known, key)
      const operations = asked().map((operation) => ({ operation, id: operation.id ?? ports.ids.next() }))
      const ids = [...new Set(operations.map(({ id }) => id))]
      for (;;) {
        const now = ports.clock.now()
        const { stored, kept } = await mine.loadAll(ids, key, now)
        if (kept !== undefined) return again(kept, key)
        const planned = plan(operations, stored, now, terms)
        const verdict = await carryOut(mine, planned, { actor: principal.actor, now, quota: ports.quota, once: key }, terms.dryRun === true)
        if (verdict.kind === 'committed')
          return planned.refused === undefined ? { results: planned.results } : refuse(planned.refused.refusal, planned.refused.index)
        if (verdict.kind !== 'overtaken') return refuse({ kind: verdict.kind }, planned.changes[verdict.at]?.index)
      }
    })
  }

/**
 * What was refused while planning is the first only if no change before it meets a quota, or an id that is taken by what was purged: that is
 * tried, and taken back.
 */
async function carryOut(mine: Batches, planned: Plan, how: Omit<BatchCommit, keyof Plan | 'keep'>, dryRun: boolean): Promise<BatchVerdict> {
  const { results, changes, unchanged, shows, refused } = planned
  const isRehearsal = dryRun || refused !== undefined
  const keep = how.once === undefined || isRehearsal ? undefined : { outcome: { results }, shows }
  return changes.length === 0 && keep === undefined ? { kind: 'committed' } : mine.commitAll({ ...how, changes, unchanged, keep }, isRehearsal)
}

import type { Change } from '../domain/change.ts'
import type { Instant } from '../domain/instant.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Stored, Task, TaskId } from '../domain/task.ts'
import { once } from './once.ts'
import type { Commit, Once, Outcome, OwnedTasks, Ports, Verdict } from './ports.ts'
import type { Principal } from './principal.ts'
import { print } from './printing.ts'

/** What a request asks of a write besides its content. */
export interface Terms {
  /**
   * Called once the task is found, and again when the write was overtaken: whether it is as the request expects it.
   * May throw what the caller holds back until then, as the order of the checks wants it (HTTP-30).
   */
  readonly expected?: ((current: Stored) => boolean) | undefined
  readonly once?: Once | undefined
}

/**
 * The one way to change a task: load it, let the domain decide, commit; and decide again on what is there now when it was overtaken.
 * @param load whether the task is to be found outside the trash or in it
 * @param decide pure but for what more it looks at of `mine`; may throw what the caller holds back; undefined means that nothing changes: no version, no journal entry.
 * @throws {Refused} not-found, stale, storage-quota-exceeded, and those of the idempotency key
 */
export async function change(
  ports: Ports,
  principal: Principal,
  id: TaskId,
  decide: (task: Task, now: Instant, mine: OwnedTasks) => Change | undefined | Promise<Change | undefined>,
  terms: Terms,
  kind: 'changed' | 'discarded' = 'changed',
  load: 'load' | 'loadTrashed' = 'load',
): Promise<Outcome> {
  const owner = principal.mayWrite()
  const mine = ports.tasks.of(owner)
  return once(ports.underWay, owner, terms.once, async () => {
    for (;;) {
      const now = ports.clock.now()
      const { stored, kept } = await mine[load](id, terms.once, now)
      if (kept !== undefined) return again(kept, terms.once)
      if (stored === undefined) return refuse({ kind: 'not-found' })
      if (terms.expected?.(stored) === false) return refuse({ kind: 'stale', current: stored })
      const decided = await decide(stored.task, now, mine)
      const outcome = { kind, id, json: kind === 'discarded' ? null : print(decided?.after ?? stored.task) } as const
      if (decided === undefined && terms.once === undefined) return { ...outcome, seq: stored.seq }
      const seq = await commit(mine, {
        change: decided,
        decidedOn: stored.seq,
        actor: principal.actor,
        now,
        quota: ports.quota,
        keep: terms.once && { once: terms.once, outcome },
      })
      if (seq !== undefined) return { ...outcome, seq }
    }
  })
}

/** @returns the number of the state that was committed, or undefined where it was overtaken. */
export async function commit(mine: OwnedTasks, what: Commit): Promise<number | undefined> {
  const verdict = await mine.commit(what)
  if (verdict.kind === 'committed') return verdict.seq
  return verdict.kind === 'overtaken' ? undefined : refuse(refusalOf(verdict))
}

const refusalOf = (verdict: Exclude<Verdict, { kind: 'committed' | 'overtaken' }>): Refusal => ({ kind: verdict.kind })

/** The first answer again, or the refusal where the body was another (IDEM-03, IDEM-04). */
export const again = <O>(kept: { readonly fingerprint: string; readonly outcome: O }, asked: Once | undefined): O =>
  kept.fingerprint === asked?.fingerprint ? kept.outcome : refuse({ kind: 'idempotency-key-reused' })

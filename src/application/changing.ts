import type { Change } from '../domain/change.ts'
import type { Instant } from '../domain/instant.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Stored, Task, TaskId } from '../domain/task.ts'
import { once } from './once.ts'
import type { Commit, Loaded, Once, Outcome, OwnedTasks, Ports, Verdict } from './ports.ts'
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

/** What one kind of change is made of. */
export interface Changing<L extends Loaded> {
  readonly id: TaskId
  readonly kind: 'changed' | 'discarded'
  /** All that is decided on, in one look. */
  load(mine: OwnedTasks, once: Once | undefined, now: Instant): Promise<L>
  /** Pure; may throw what the caller holds back. Undefined means that nothing changes: no version, no journal entry. */
  decide(task: Task, now: Instant, loaded: L): Change | undefined
}

/** Of a task outside the trash, decided on that task alone. */
export const change = (
  ports: Ports,
  principal: Principal,
  id: TaskId,
  decide: (task: Task, now: Instant) => Change | undefined,
  terms: Terms,
  kind: Changing<Loaded>['kind'] = 'changed',
): Promise<Outcome> => changeLoaded(ports, principal, { id, kind, load: (mine, key, now) => mine.load(id, key, now), decide }, terms)

/**
 * The one way to change a task: load it, let the domain decide, commit; and decide again on what is there now when it was overtaken.
 * @throws {Refused} not-found, stale, storage-quota-exceeded, and those of the idempotency key
 */
export async function changeLoaded<L extends Loaded>(
  ports: Ports,
  principal: Principal,
  { id, kind, load, decide }: Changing<L>,
  terms: Terms,
): Promise<Outcome> {
  const owner = principal.mayWrite()
  const mine = ports.tasks.of(owner)
  return once(ports.underWay, owner, terms.once, async () => {
    for (;;) {
      const now = ports.clock.now()
      const loaded = await load(mine, terms.once, now)
      const { stored, kept } = loaded
      if (kept !== undefined) return again(kept, terms.once)
      if (stored === undefined) return refuse({ kind: 'not-found' })
      if (terms.expected?.(stored) === false) return refuse({ kind: 'stale', current: stored })
      const decided = decide(stored.task, now, loaded)
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

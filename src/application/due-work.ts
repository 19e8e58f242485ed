import { type Instant, instantAt, millisecondsOf } from '../domain/instant.ts'
import type { Owner } from '../domain/owner.ts'
import type { Clock, TaskStore } from './ports.ts'

/** Finds work for all owners by its moment, and tells nothing else of them (STORE-11). */
export interface DueWork {
  /** Owners for whom something is due at `now`, at most `limit`, the longest due first. */
  due(now: Instant, limit: number): Promise<readonly Owner[]>

  /** Takes what is due at `now` of one owner, who is then not due before `until`; false where another server has taken it (STORE-11). */
  claim(owner: Owner, now: Instant, until: Instant): Promise<boolean>
}

/** Owners looked for at once, and of each kind of thing what one step takes: small, so that no request waits long for an owner's row. */
const OWNERS = 100
const STEP = 100

/** Milliseconds for which a server has an owner's work to itself; one that ends meanwhile leaves it to another after that. */
const LEASE = 5 * 60_000

/** What the work for all owners needs: it comes without a token, so it has a narrow port of its own. */
export interface DueWorkPorts {
  readonly work: DueWork
  readonly tasks: TaskStore
  readonly clock: Clock
}

/**
 * Does what is due now, in small steps, as each owner in turn, whom no other server has taken (STORE-11).
 * @param isStopped looked at before each step: what is left then is another server's after the lease
 * @returns how much it was
 */
export async function doDueWork({ work, tasks, clock }: DueWorkPorts, isStopped = (): boolean => false): Promise<number> {
  let done = 0
  for (const owner of await work.due(clock.now(), OWNERS)) {
    const now = clock.now()
    if (isStopped()) break
    if (!(await work.claim(owner, now, instantAt(millisecondsOf(now) + LEASE)))) continue
    const mine = tasks.of(owner)
    for (let step = 1; step > 0 && !isStopped(); done += step) step = await mine.forget(now, STEP)
  }
  return done
}

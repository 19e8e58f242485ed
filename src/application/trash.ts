import type { Instant } from '../domain/instant.ts'
import { refuse } from '../domain/refusal.ts'
import type { Task, TaskId } from '../domain/task.ts'
import { discard, restore } from '../domain/trash.ts'
import { again, change, changeLoaded, type Terms } from './changing.ts'
import { once } from './once.ts'
import type { Commit, Loaded, Once, Outcome, Ports } from './ports.ts'
import type { Principal } from './principal.ts'
import type { Json } from './printing.ts'

/** One owner's trash: what was deleted, and neither purged nor emptied out since. */
export interface Trash {
  /** One page of it, the latest deleted first, which is the order of the numbers of the deletions. */
  trash(query: TrashQuery): Promise<TrashPage>

  /** As `load`, of a task in the trash. */
  loadTrashed(id: TaskId, once: Once | undefined, now: Instant): Promise<Loaded>

  /**
   * Erases the task for good (STORE-07) and keeps the answer, both or neither. Takes no number.
   * @returns false where the task is no longer as it was decided on, or the key has been kept meanwhile: load and decide again
   */
  purge(purge: Purge): Promise<boolean>

  /**
   * From now on all that is in the trash is not there: not listed, loaded, restored or shown by a kept answer. Erasing it is due at once,
   * and until then its ids stay taken and its weight counts. Takes no number.
   * @returns false where the key has been kept meanwhile
   */
  empty(emptying: Emptying): Promise<boolean>
}

export interface TrashQuery {
  /** 1 to 100. */
  readonly limit: number
  /** The number of the last deletion on the page before. */
  readonly from: number | undefined
}

/** A task in the trash as it goes out. */
export type Trashed = Omit<Task, 'deletedAt'> & { readonly deletedAt: Instant; readonly purgeAt: Instant }

export interface TrashPage {
  readonly items: Json<readonly Trashed[]>
  /** Where the next page begins; undefined on the last one. */
  readonly next: number | undefined
}

export interface Emptying {
  readonly now: Instant
  readonly keep: Commit['keep']
}

export interface Purge extends Emptying {
  readonly id: TaskId
  /** The number of the deletion. */
  readonly decidedOn: number
}

/** Into the trash: from now on the task is not found (TASK-22). */
export const discardTask =
  (ports: Ports) =>
  (principal: Principal, id: TaskId, terms: Terms = {}): Promise<Outcome> =>
    change(ports, principal, id, discard, terms, 'discarded')

/** Out of the trash (TRASH-04). @throws {Refused} not-found where it is not in the trash, stale, and those of the idempotency key */
export const restoreTask =
  (ports: Ports) =>
  (principal: Principal, id: TaskId, terms: Terms = {}): Promise<Outcome> =>
    changeLoaded(ports, principal, { id, kind: 'changed', load: (mine, key, now) => mine.loadTrashed(id, key, now), decide: restore }, terms)

/** @throws {Refused} insufficient-permission */
export const browseTrash =
  (ports: Ports) =>
  (principal: Principal, query: TrashQuery): Promise<TrashPage> =>
    ports.tasks.of(principal.mayRead()).trash(query)

/** Gone for good, at once (TRASH-07). @throws {Refused} not-found where it is not in the trash, stale, and those of the idempotency key */
export const purgeTask =
  (ports: Ports) =>
  async (principal: Principal, id: TaskId, terms: Terms = {}): Promise<Outcome> => {
    const owner = principal.mayWrite()
    const mine = ports.tasks.of(owner)
    return once(ports.underWay, owner, terms.once, async () => {
      for (;;) {
        const now = ports.clock.now()
        const { stored, kept } = await mine.loadTrashed(id, terms.once, now)
        if (kept !== undefined) return again(kept, terms.once)
        if (stored === undefined) return refuse({ kind: 'not-found' })
        if (terms.expected?.(stored) === false) return refuse({ kind: 'stale', current: stored })
        const outcome = { kind: 'discarded', id, json: null } as const
        const keep = terms.once && { once: terms.once, outcome }
        if (await mine.purge({ id, decidedOn: stored.seq, now, keep })) return { ...outcome, seq: stored.seq }
      }
    })
  }

/** What is kept of an emptying is of no one task, for which there is the nil UUID (RFC 9562, section 5.9); it has no body. */
const NIL = '00000000-0000-0000-0000-000000000000' as TaskId

/** Nothing of it can be read or restored any more; the erasing goes on as due work (TRASH-10). @throws {Refused} those of the idempotency key */
export const emptyTrash =
  (ports: Ports) =>
  async (principal: Principal, key?: Once): Promise<Outcome> => {
    const owner = principal.mayWrite()
    const mine = ports.tasks.of(owner)
    return once(ports.underWay, owner, key, async () => {
      for (;;) {
        const now = ports.clock.now()
        const kept = key && (await mine.load(undefined, key, now)).kept
        if (kept !== undefined) return again(kept, key)
        const outcome = { kind: 'discarded', id: NIL, json: null } as const
        if (await mine.empty({ now, keep: key && { once: key, outcome } })) return { ...outcome, seq: 0 }
      }
    })
  }

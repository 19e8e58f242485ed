import type { Change, ChangeKind } from '../domain/change.ts'
import type { Instant } from '../domain/instant.ts'
import { refuse } from '../domain/refusal.ts'
import type { Task, TaskId } from '../domain/task.ts'
import type { Ports } from './ports.ts'
import type { Principal } from './principal.ts'
import { asJson, type Json, print } from './printing.ts'

/** Tells one owner what is different since a number (SYNC-01). */
export interface Changes {
  /**
   * What changed after `query.after`, each task once at its latest number, numbers rising: tasks, those in the trash, and purged ones while
   * their tombstones last. At most `limit` of them, and no more than go into `bytes`, but one if there is one.
   */
  changes(query: ChangesQuery): Promise<ChangesPage>
}

export interface ChangesQuery {
  readonly after: number
  readonly limit: number
  /** UTF-8, a comma for each change counted. */
  readonly bytes: number
  /** What was gone at this number of the owner's is left out, so 0 leaves out nothing; undefined: what is gone now. */
  readonly goneBy: number | undefined
}

export interface ChangesPage {
  readonly changes: readonly ShownChange[]
  readonly more: boolean
  /** The owner's latest number in the moment of the look. */
  readonly seq: number
  /** The highest number of a tombstone that is forgotten. */
  readonly forgotten: number
}

export interface ShownChange {
  readonly seq: number
  readonly json: Json<TaskChange>
}

/** A task as the feed tells of it; null where it is gone. */
export interface TaskChange {
  readonly seq: number
  readonly at: Instant
  readonly kind: ChangeKind
  readonly taskId: TaskId
  readonly task: Task | null
}

/** For stores that hold rows. */
export const printChange = ({ task, ...change }: TaskChange): Json<TaskChange> =>
  asJson(`${JSON.stringify(change, ['seq', 'at', 'kind', 'taskId']).slice(0, -1)},"task":${task === null ? 'null' : print(task)}}`)

/** A change that has just been committed, as the feed tells of it. */
export const shownChange = ({ kind, at, after }: Change, seq: number): ShownChange => ({
  seq,
  json: printChange({ seq, at, kind, taskId: after.id, task: after.deletedAt === null ? after : null }),
})

/** Where a reader of the feed is. */
export interface Walk {
  /** The number that it began after; 0: it has nothing yet. */
  readonly since: number
  /** The owner's latest number when it began; undefined: it begins. */
  readonly began: number | undefined
  /** The number up to which it has been told. */
  readonly after: number
}

export const walkSince = (since: number): Walk => ({ since, began: undefined, after: since })

export interface Step {
  readonly page: ChangesPage
  /** Where the walk is now. While there is more, `after` is the last number told; then it is the owner's own. */
  readonly walk: Walk & { readonly began: number }
}

/**
 * The next step of a walk. One from 0 leaves out what was gone when it began and tells what goes meanwhile; it is whole whatever is forgotten
 * meanwhile, as tombstones outlive it (SYNC-05).
 * @throws {Refused} sync-expired where tombstones after its number are forgotten, or its number is ahead of the owner's; insufficient-permission
 */
export const readChanges =
  (ports: Pick<Ports, 'tasks'>) =>
  async (principal: Principal, walk: Walk, limits: Pick<ChangesQuery, 'limit' | 'bytes'>): Promise<Step> => {
    const isFirstSync = walk.since === 0
    const page = await ports.tasks.of(principal.mayRead()).changes({ ...limits, after: walk.after, goneBy: isFirstSync ? walk.began : 0 })
    if (!isFirstSync && (walk.after < page.forgotten || walk.after > page.seq)) return refuse({ kind: 'sync-expired' })
    const last = page.more ? page.changes.at(-1) : undefined
    return { page, walk: { since: walk.since, began: walk.began ?? page.seq, after: last?.seq ?? page.seq } }
  }

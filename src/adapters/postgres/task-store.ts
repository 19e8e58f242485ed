import type { BatchCommit, BatchVerdict, LoadedBatch } from '../../application/batch.ts'
import type { HistoryPage, HistoryQuery, LoadedWayBack } from '../../application/history.ts'
import type { Commit, Loaded, Once, OwnedTasks, Shown, TaskPage, TaskStore, Verdict } from '../../application/ports.ts'
import { asJson, type Json } from '../../application/printing.ts'
import { type ChangesPage, type ChangesQuery, shownChange } from '../../application/sync.ts'
import type { Emptying, Purge, TrashPage, TrashQuery } from '../../application/trash.ts'
import type { Listener } from '../../application/watching.ts'
import type { Instant } from '../../domain/instant.ts'
import type { Owner } from '../../domain/owner.ts'
import type { Query } from '../../domain/query.ts'
import type { Summary, SummaryBounds } from '../../domain/summary.ts'
import type { TaskId } from '../../domain/task.ts'
import { commitAll, loadAll } from './batch.ts'
import { commit } from './commit.ts'
import type { Share } from './fair-share.ts'
import { forget } from './forget.ts'
import { history, loadWayBack } from './history.ts'
import { type OwnerScope, OwnerStatement, type OwnerTransaction, ownerScope, ownerTransaction } from './owner-scope.ts'
import { page } from './page.ts'
import { KEPT, KEPT_UNDER, keptFrom, keyValues, storedFrom } from './rows.ts'
import { onlyRow, type Session } from './session.ts'
import { summary } from './summary.ts'
import { changes } from './sync.ts'
import { type ToldPages, toldPages } from './told-pages.ts'
import { empty, loadTrashed, purge, trash } from './trash.ts'
import type { Wakes } from './wakes.ts'

/**
 * @param trashDays how long a task stays in the trash: with its deletion the work of purging it is scheduled
 * @param share undefined: one connection is all there is
 */
export function createTaskStore(session: Session, trashDays: number, wakes: Wakes, share?: Share): TaskStore {
  const told = toldPages()
  return {
    of: (owner: Owner): OwnedTasks =>
      new Tasks(owner, ownerScope(session, owner, share), ownerTransaction(session, owner, share), trashDays, wakes, told(owner)),
  }
}

export const READ = OwnerStatement.of(
  'read',
  `select t.printed, t.seq::text from tasks t where t.owner_id = $owner and t.id = $id::uuid and t.deleted_at is null`,
)

const LOAD = OwnerStatement.of(
  'load',
  `select t.printed, t.seq::text, ${KEPT} from (select) one
left join tasks t on t.owner_id = $owner and t.id = $id::uuid and t.deleted_at is null
${KEPT_UNDER}`,
)

class Tasks implements OwnedTasks {
  readonly #owner: Owner
  readonly #mine: OwnerScope
  readonly #transact: OwnerTransaction
  readonly #trashDays: number
  readonly #wakes: Wakes
  readonly #told: ToldPages

  constructor(owner: Owner, mine: OwnerScope, transact: OwnerTransaction, trashDays: number, wakes: Wakes, told: ToldPages) {
    this.#owner = owner
    this.#mine = mine
    this.#transact = transact
    this.#trashDays = trashDays
    this.#wakes = wakes
    this.#told = told
  }

  async read(id: TaskId): Promise<Shown | undefined> {
    const [row] = await this.#mine(READ, { id })
    return row?.[0] == null ? undefined : { id, json: asJson(row[0]), seq: Number(row[1]) }
  }

  page(query: Query): Promise<TaskPage> {
    return page(this.#mine, query, this.#told)
  }

  changes(query: ChangesQuery): Promise<ChangesPage> {
    return changes(this.#mine, query)
  }

  watch(listener: Listener): () => void {
    return this.#wakes.watch(this.#owner, listener)
  }

  history(id: TaskId, query: HistoryQuery): Promise<HistoryPage | undefined> {
    return history(this.#mine, id, query)
  }

  loadWayBack(id: TaskId, version: number, once: Once | undefined, now: Instant): Promise<LoadedWayBack> {
    return loadWayBack(this.#mine, id, version, once, now)
  }

  summary(bounds: SummaryBounds): Promise<Json<Summary>> {
    return summary(this.#mine, bounds)
  }

  async load(id: TaskId | undefined, once: Once | undefined, now: Instant): Promise<Loaded> {
    if (id !== undefined && once === undefined) {
      const [row] = await this.#mine(READ, { id })
      return { stored: row?.[0] == null || row[1] == null ? undefined : storedFrom(row[0], row[1]), kept: undefined }
    }
    const [json, seq, ...kept] = onlyRow(await this.#mine(LOAD, { id: id ?? null, ...keyValues(once), now }))
    return { stored: json == null || seq == null ? undefined : storedFrom(json, seq), kept: keptFrom(kept) }
  }

  trash(query: TrashQuery): Promise<TrashPage> {
    return trash(this.#mine, query, this.#trashDays)
  }

  loadTrashed(id: TaskId, once: Once | undefined, now: Instant): Promise<Loaded> {
    return loadTrashed(this.#mine, id, once, now)
  }

  purge(what: Purge): Promise<boolean> {
    return purge(this.#mine, what)
  }

  empty(what: Emptying): Promise<boolean> {
    return empty(this.#mine, what)
  }

  async commit(what: Commit): Promise<Verdict> {
    const { change } = what
    const verdict = await commit(this.#mine, what, this.#trashDays)
    if (verdict.kind === 'committed' && change !== undefined) this.#wakes.committed(this.#owner, () => shownChange(change, verdict.seq))
    return verdict
  }

  loadAll(ids: readonly TaskId[], once: Once | undefined, now: Instant): Promise<LoadedBatch> {
    return loadAll(this.#mine, ids, once, now)
  }

  async commitAll(batch: BatchCommit, rehearsal: boolean): Promise<BatchVerdict> {
    const verdict = await commitAll(this.#transact, batch, rehearsal, this.#trashDays)
    if (verdict.kind === 'committed' && !rehearsal) this.#wakes.committed(this.#owner)
    return verdict
  }

  forget(now: Instant, limit: number): Promise<number> {
    return forget(this.#mine, now, limit, this.#trashDays)
  }
}

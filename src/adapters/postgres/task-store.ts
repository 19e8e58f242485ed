import type { Commit, Loaded, Once, OwnedTasks, Shown, TaskPage, TaskStore, Verdict } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import type { Instant } from '../../domain/instant.ts'
import type { Owner } from '../../domain/owner.ts'
import type { Query } from '../../domain/query.ts'
import type { TaskId } from '../../domain/task.ts'
import { commit } from './commit.ts'
import { forget } from './forget.ts'
import { type OwnerScope, OwnerStatement, ownerScope } from './owner-scope.ts'
import { page } from './page.ts'
import { KEPT, keptFrom, PRINTED, storedFrom } from './rows.ts'
import { onlyRow, type Session } from './session.ts'

/** @param trashDays how long a task stays in the trash: with its deletion the work of purging it is scheduled */
export const createTaskStore = (session: Session, trashDays: number): TaskStore => ({
  of: (owner: Owner): OwnedTasks => new Tasks(ownerScope(session, owner), trashDays),
})

export const READ = OwnerStatement.of(
  'read',
  `select ${PRINTED}, t.seq::text from tasks t where t.owner_id = $owner and t.id = $id::uuid and t.deleted_at is null`,
)

const LOAD = OwnerStatement.of(
  'load',
  `select ${PRINTED}, t.seq::text, ${KEPT} from (select) one
left join tasks t on t.owner_id = $owner and t.id = $id::uuid and t.deleted_at is null
left join kept_answers k on k.owner_id = $owner and k.scope_hash = sha256(convert_to($scope::text, 'UTF8')) and k.key = $key::text and k.expires_at > $now::timestamptz`,
)

class Tasks implements OwnedTasks {
  readonly #mine: OwnerScope
  readonly #trashDays: number

  constructor(mine: OwnerScope, trashDays: number) {
    this.#mine = mine
    this.#trashDays = trashDays
  }

  async read(id: TaskId): Promise<Shown | undefined> {
    const [row] = await this.#mine(READ, { id })
    return row?.[0] == null ? undefined : { id, json: asJson(row[0]), seq: Number(row[1]) }
  }

  page(query: Query): Promise<TaskPage> {
    return page(this.#mine, query)
  }

  async load(id: TaskId | undefined, once: Once | undefined, now: Instant): Promise<Loaded> {
    const values = { id: id ?? null, scope: once?.scope ?? null, key: once?.key ?? null, now }
    const [json, seq, ...kept] = onlyRow(await this.#mine(LOAD, values))
    return { stored: json == null || seq == null ? undefined : storedFrom(json, seq), kept: keptFrom(kept) }
  }

  commit(what: Commit): Promise<Verdict> {
    return commit(this.#mine, what, this.#trashDays)
  }

  forget(now: Instant, limit: number): Promise<number> {
    return forget(this.#mine, now, limit, this.#trashDays)
  }
}

import type { Loaded, Once } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import type { Emptying, Purge, TrashPage, TrashQuery } from '../../application/trash.ts'
import { type Instant, instantAt, isInstant, millisecondsOf } from '../../domain/instant.ts'
import { DAY } from '../../domain/retention.ts'
import type { TaskId } from '../../domain/task.ts'
import { keepValues } from './commit-values.ts'
import { erasingValues, tombstoneUntil } from './erasing.ts'
import { type OwnerScope, OwnerStatement } from './owner-scope.ts'
import { IN_TRASH, instant, KEPT, KEPT_UNDER, keptFrom, keyValues, storedFrom } from './rows.ts'
import { onlyRow, type Values } from './session.ts'
import { emptyStatement, purgeStatement } from './trash-statements.ts'

/** A task in the trash, byte for byte what `printTrashed` makes of it. */
const TRASHED = `left(t.printed, -1) || ',"deletedAt":' || ${instant('t.deleted_at')} || ',"purgeAt":' || ${instant('(t.deleted_at + $trashTime::interval)')} || '}'`

export const TRASH = OwnerStatement.of(
  'trash',
  `select '[' || coalesce(string_agg(${TRASHED}, ',' order by t.seq desc) filter (where t.place <= $limit), '') || ']',
(case when count(*) > $limit then min(t.seq) filter (where t.place <= $limit) end)::text
from (select row_number() over () as place, t.* from (select t.printed, t.seq, t.deleted_at from tasks t
where t.owner_id = $owner and ${IN_TRASH} and t.seq > 0 and t.seq < $from::bigint order by t.seq desc limit $limit::int + 1) t) t`,
)

/** @param trashDays in hours for the database: a day of an interval is that of the session's time zone, where some have 23 */
export async function trash(mine: OwnerScope, { limit, from = Number.MAX_SAFE_INTEGER }: TrashQuery, trashDays: number): Promise<TrashPage> {
  const [items, next] = onlyRow(await mine(TRASH, { limit, from, trashTime: `${trashDays * 24} hours` }))
  return { items: asJson(items ?? '[]'), next: next == null ? undefined : Number(next) }
}

const LOAD_TRASHED = OwnerStatement.of(
  'load trashed',
  `select t.printed, t.seq::text, trim('"' from ${instant('t.deleted_at')}), ${KEPT} from (select) one
left join tasks t on t.owner_id = $owner and t.id = $id::uuid and ${IN_TRASH}
${KEPT_UNDER}`,
)

export async function loadTrashed(mine: OwnerScope, id: TaskId, once: Once | undefined, now: Instant): Promise<Loaded> {
  const [json, seq, deletedAt, ...kept] = onlyRow(await mine(LOAD_TRASHED, { id, ...keyValues(once), now }))
  const isThere = json != null && seq != null && deletedAt != null && isInstant(deletedAt)
  return { stored: isThere ? storedFrom(json, seq, deletedAt) : undefined, kept: keptFrom(kept) }
}

/** When the kept answer expires, where one is kept. */
const keptUntil = ({ now, keep }: Emptying): number => (keep === undefined ? Number.POSITIVE_INFINITY : millisecondsOf(now) + DAY)

export function purge(mine: OwnerScope, what: Purge): Promise<boolean> {
  const { id, decidedOn, now, keep } = what
  const dueAt = instantAt(Math.min(millisecondsOf(tombstoneUntil(now)), keptUntil(what)))
  return untilSettled(mine, purgeStatement(keep !== undefined), { ...(keep && keepValues(keep)), ...erasingValues(now), id, decidedOn, now, dueAt })
}

export const empty = (mine: OwnerScope, { now, keep }: Emptying): Promise<boolean> =>
  untilSettled(mine, emptyStatement(keep !== undefined), { ...(keep && keepValues(keep)), now, dueAt: now })

/** @returns whether it was done; a statement that met writes which it did not see is run again */
async function untilSettled(mine: OwnerScope, statement: OwnerStatement, values: Values): Promise<boolean> {
  for (;;) {
    const [kind] = onlyRow(await mine(statement, values))
    if (kind !== 'again') return kind === 'committed'
  }
}

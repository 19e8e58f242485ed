import { asJson } from '../../application/printing.ts'
import type { ChangesPage, ChangesQuery, TaskChange } from '../../application/sync.ts'
import { type OwnerScope, OwnerStatement } from './owner-scope.ts'
import { instant } from './rows.ts'
import { onlyRow } from './session.ts'

/** What is told of, by number: each table gives as many as the page may hold and one more, by the index of its numbers, which is for what says `seq > 0` (STORE-19). */
const FOUND = `select x.* from (
(select t.seq, t.id, case when t.deleted_at is null then t.weight else 0 end as weight, null::timestamptz as purged from tasks t where t.owner_id = $owner and t.seq > $after::bigint and t.seq > 0
and (t.deleted_at is null or t.seq > own.gone_by) order by t.seq limit $limit::int + 1)
union all
(select b.seq, b.id, 0, b.deleted_at from tombstones b where b.owner_id = $owner and b.seq > 0 and b.seq > greatest($after::bigint, own.gone_by)
order by b.seq limit $limit::int + 1)) x order by x.seq limit $limit::int + 1`

/**
 * No more of them are printed than the room may hold: a task weighs no more than it is long when printed. A purged task's entry is gone:
 * its tombstone says when.
 */
const SHOWN = `select f.seq, f.found, f.place, '{"seq":' || f.seq || ',"at":' || ${instant('coalesce(c.at, f.purged)')} || ',"kind":"' || coalesce(c.kind, 'deleted')
|| '","taskId":"' || f.id || '","task":' || case when t.deleted_at is null and t.id is not null then t.printed else 'null' end || '}' as json
from (select f.*, count(*) over () as found, row_number() over (order by f.seq) as place, sum(f.weight) over (order by f.seq) - f.weight as ahead from (${FOUND}) f) f
left join tasks t on t.owner_id = $owner and t.id = f.id
left join changes c on c.owner_id = $owner and c.seq = f.seq and c.seq > 0
where f.place <= $limit::int and f.ahead <= $bytes::int offset 0`

export const CHANGES = OwnerStatement.of(
  'changes',
  `select own.seq::text, own.forgotten::text, page.seq::text, page.json, page.found::text
from (select coalesce(o.seq, 0) as seq, coalesce(o.forgotten, 0) as forgotten, coalesce($goneBy::bigint, o.seq, 0) as gone_by
from (select) one left join owners o on o.owner_id = $owner) own
left join lateral (select s.* from (select s.*, sum(octet_length(s.json) + 1) over (order by s.seq) as size from (${SHOWN}) s) s
where s.size <= $bytes::int or s.place = 1) page on true order by page.seq`,
)

/** In one statement, so that all of it is true for one moment. */
export async function changes(mine: OwnerScope, { after, limit, bytes, goneBy }: ChangesQuery): Promise<ChangesPage> {
  const rows = await mine(CHANGES, { after, limit, bytes, goneBy: goneBy ?? null })
  const [seq, forgotten, , , found] = onlyRow(rows)
  const changes = rows.flatMap(([, , number, json]) => (json == null ? [] : [{ seq: Number(number), json: asJson<TaskChange>(json) }]))
  return { changes, more: changes.length < Number(found ?? 0), seq: Number(seq), forgotten: Number(forgotten) }
}

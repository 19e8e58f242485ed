import type { HistoryPage, HistoryQuery, LoadedWayBack } from '../../application/history.ts'
import type { Once } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import type { Instant } from '../../domain/instant.ts'
import type { TaskId } from '../../domain/task.ts'
import { type OwnerScope, OwnerStatement } from './owner-scope.ts'
import { IN_TRASH, instant, KEPT, KEPT_UNDER, keptFrom, keyValues, storedFrom } from './rows.ts'
import { onlyRow } from './session.ts'

/** An entry `c`, byte for byte what `printEntry` makes of it: its fields are kept as they were printed. */
const ENTRY = `'{"seq":' || c.seq || ',"at":' || ${instant('c.at')} || ',"kind":"' || c.kind || '","version":' || c.version
|| ',"actor":' || to_json(c.actor) || ',"fields":' || c.fields || '}'`

/** Where no version is given to begin before: versions are smaller. */
const NEWEST = 2 ** 31 - 1

const FOUND = `select c.version, row_number() over w as place, c.json, sum(octet_length(c.json) + 1) over w as size from (
select c.version, ${ENTRY} as json from changes c where c.owner_id = $owner and c.task_id = $id::uuid and c.version < $before::int
order by c.version desc limit $limit::int + 1) c window w as (order by c.version desc)`

export const HISTORY = OwnerStatement.of(
  'history',
  `select '[' || coalesce(string_agg(c.json, ',' order by c.version desc) filter (where c.fits), '') || ']',
case when count(*) filter (where not c.fits) > 0 then min(c.version) filter (where c.fits) end::text
from tasks t left join lateral (select c.*, c.place <= $limit::int and (c.size <= $bytes::int or c.place = 1) as fits from (${FOUND}) c) c on true
where t.owner_id = $owner and t.id = $id::uuid and (t.deleted_at is null or ${IN_TRASH}) group by t.id`,
)

/** The same page of the same task, in one statement: whether it is there, in the trash or outside it, and its entries. */
export async function history(mine: OwnerScope, id: TaskId, { limit, bytes, before }: HistoryQuery): Promise<HistoryPage | undefined> {
  const [row] = await mine(HISTORY, { id, limit, bytes, before: before ?? NEWEST })
  return row?.[0] == null ? undefined : { items: asJson(row[0]), next: row[1] == null ? undefined : Number(row[1]) }
}

const PASSED = 'changes c where c.owner_id = $owner and c.task_id = t.id and c.version > $version::int and c.version <= t.version'

/** Of each field the earliest entry on the way tells what it was before: one state comes over, however long the way. */
const WAS = `select coalesce(json_object_agg(f.name, f.was), '{}')::text from (select distinct on (f.key) f.key as name, f.value -> 'from' as was
from (select c.version, c.fields from ${PASSED}) c, json_each(c.fields) f order by f.key, c.version) f`

export const LOAD_WAY_BACK = OwnerStatement.of(
  'load way back',
  `select t.printed, t.seq::text, (select count(*)::text from ${PASSED}), (${WAS}), ${KEPT} from (select) one
left join tasks t on t.owner_id = $owner and t.id = $id::uuid and t.deleted_at is null
${KEPT_UNDER}`,
)

export async function loadWayBack(mine: OwnerScope, id: TaskId, version: number, once: Once | undefined, now: Instant): Promise<LoadedWayBack> {
  const [json, seq, steps, was, ...kept] = onlyRow(await mine(LOAD_WAY_BACK, { id, version, ...keyValues(once), now }))
  return {
    stored: json == null || seq == null ? undefined : storedFrom(json, seq),
    kept: keptFrom(kept),
    way: { steps: Number(steps), was: JSON.parse(was ?? '{}') },
  }
}

import { type Instant, instantAt, millisecondsOf } from '../../domain/instant.ts'
import { DAY, TOMBSTONE_DAYS } from '../../domain/retention.ts'
import { answerWeight } from '../../domain/weight.ts'
import type { Values } from './session.ts'

/**
 * The owner's row `held` is the lock. A statement sees what was committed when it began: where that row has been written since, nothing is
 * erased and the statement is run again, so that what it sees is all there is.
 */
export const FRESH = `fresh as (select from held where held.written = (select o.xmin from owners o where o.owner_id = $owner))`

/**
 * What goes with the tasks that the part `purged` deleted: their entries and tags by foreign key, the bodies of kept answers that show them.
 * Tombstones stay (STORE-07).
 * @param spared a condition for kept answers `k` that another part of the statement writes
 */
export const erasing = (spared: string): readonly string[] => [
  // There is one already only where a server of an earlier version, which does not count purges, let the id be taken again.
  `buried as (insert into tombstones (owner_id, id, seq, deleted_at, expires_at)
select $owner, p.id, p.seq, p.deleted_at, $tombstoneUntil::timestamptz from purged p
on conflict (owner_id, id) do update set (seq, deleted_at, expires_at) = (excluded.seq, excluded.deleted_at, excluded.expires_at))`,
  `entries as (select sum(c.weight) as weight from changes c join purged p on c.task_id = p.id where c.owner_id = $owner)`,
  // Looked up task by task: a join might read all that the owner has.
  `shown as (select k.* from purged p, lateral (select k.ctid as place, k.weight from kept_answers k
where k.owner_id = $owner and k.task_id = p.id and k.body is not null and k.weight > 0 and not (${spared}) offset 0) k
union select k.* from purged p join kept_tasks s on s.owner_id = $owner and s.task_id = p.id, lateral (select k.ctid as place, k.weight from kept_answers k
where k.owner_id = $owner and k.scope_hash = s.scope_hash and k.key = s.key and k.body is not null and not (${spared}) offset 0) k)`,
  // By its place, which holds while the owner's row is, as whoever writes a kept answer takes that row: looked up by their keys, all of the owner's were read where there are no statistics (STORE-19).
  `emptied as (update kept_answers k set body = null, weight = $emptyWeight::int from shown s where k.owner_id = $owner and k.ctid = s.place)`,
]

/** The bytes that the owner holds less for it. */
export const ERASED_BYTES = `coalesce((select sum(weight) from purged), 0) + coalesce((select weight from entries), 0)
+ coalesce((select sum(weight - $emptyWeight::int) from shown), 0)`

export const tombstoneUntil = (now: Instant): Instant => instantAt(millisecondsOf(now) + TOMBSTONE_DAYS * DAY)

export const erasingValues = (now: Instant): Values => ({ tombstoneUntil: tombstoneUntil(now), emptyWeight: answerWeight(null) })

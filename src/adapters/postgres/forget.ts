import { type Instant, instantAt, millisecondsOf } from '../../domain/instant.ts'
import { answerWeight } from '../../domain/weight.ts'
import { type OwnerScope, OwnerStatement } from './owner-scope.ts'
import { onlyRow } from './session.ts'

const DAY = 24 * 60 * 60 * 1000
/** Days that a tombstone stays after the purge (STORE-07). */
const TOMBSTONE_DAYS = 30

/** Rows of `table` that are over, at most as many as one step takes, named by their keys. */
const over = (table: string, keys: string, moment: string, until: string): string =>
  `(select ${keys} from ${table} where owner_id = $owner and ${moment} <= $${until}::timestamptz and exists (select from fresh) order by ${moment}, ${keys} limit $limit::int)`

/**
 * The owner's row is the lock. A statement sees what was committed when it began: where that row has been written since, nothing is done
 * and the statement is run again, so that what it sees is all there is.
 */
const FORGET = OwnerStatement.of(
  'forget',
  `select case when exists (select from held) and not exists (select from fresh) then 'again' else total.steps::text end from total`,
  [
    `held as (select o.xmin as written from owners o where o.owner_id = $owner for no key update)`,
    `fresh as (select from held where held.written = (select o.xmin from owners o where o.owner_id = $owner))`,
    `purged as (delete from tasks t using ${over('tasks', 'id', 'deleted_at', 'trashedBefore')} old where t.owner_id = $owner and t.id = old.id
returning t.id, t.seq, t.deleted_at, t.weight)`,
    `buried as (insert into tombstones (owner_id, id, seq, deleted_at, expires_at)
select $owner, p.id, p.seq, p.deleted_at, $tombstoneUntil::timestamptz from purged p)`,
    `entries as (select sum(c.weight) as weight from changes c join purged p on c.task_id = p.id where c.owner_id = $owner)`,
    `shown as (select k.scope_hash, k.key, k.weight from kept_answers k join purged p on k.task_id = p.id where k.owner_id = $owner and k.body is not null and k.expires_at > $now::timestamptz)`,
    `emptied as (update kept_answers k set body = null, weight = $emptyWeight::int from shown s where k.owner_id = $owner and k.scope_hash = s.scope_hash and k.key = s.key)`,
    `keys as (delete from kept_answers k using ${over('kept_answers', 'scope_hash, key', 'expires_at', 'now')} old
where k.owner_id = $owner and k.scope_hash = old.scope_hash and k.key = old.key returning k.weight)`,
    `faded as (delete from tombstones b using ${over('tombstones', 'id', 'expires_at', 'now')} old where b.owner_id = $owner and b.id = old.id returning b.seq)`,
    `total as (select (select count(*) from purged) + (select count(*) from keys) + (select count(*) from faded) as steps,
coalesce((select sum(weight) from purged), 0) + coalesce((select weight from entries), 0) + coalesce((select sum(weight - $emptyWeight::int) from shown), 0)
+ coalesce((select sum(weight) from keys), 0) as bytes,
least((select min(t.deleted_at) + $trashTime::interval from tasks t where t.owner_id = $owner and t.deleted_at is not null),
(select min(k.expires_at) from kept_answers k where k.owner_id = $owner), (select min(b.expires_at) from tombstones b where b.owner_id = $owner)) as next)`,
    `counted as (update owners o set tasks = o.tasks - (select count(*) from purged), bytes = o.bytes - total.bytes,
forgotten = greatest(o.forgotten, (select max(seq) from faded)), due_at = case total.steps when 0 then total.next else o.due_at end
from total, fresh where o.owner_id = $owner)`,
    `postponed as (update due_work d set due_at = total.next from total, fresh where d.owner_id = $owner and total.steps = 0 and total.next is not null)`,
    `settled as (delete from due_work d using total, fresh where d.owner_id = $owner and total.steps = 0 and total.next is null)`,
  ],
)

/** One step of what is due (STORE-07, STORE-11): all of it or nothing. @returns how many rows it took; the step that finds none sets when the owner is due next */
export async function forget(mine: OwnerScope, now: Instant, limit: number, trashDays: number): Promise<number> {
  const values = {
    now,
    limit,
    trashedBefore: instantAt(millisecondsOf(now) - trashDays * DAY),
    // In hours: a day of an interval is that of the session's time zone, where some have 23.
    trashTime: `${trashDays * 24} hours`,
    tombstoneUntil: instantAt(millisecondsOf(now) + TOMBSTONE_DAYS * DAY),
    emptyWeight: answerWeight(null),
  }
  for (;;) {
    const [steps] = onlyRow(await mine(FORGET, values))
    if (steps !== 'again') return Number(steps)
  }
}

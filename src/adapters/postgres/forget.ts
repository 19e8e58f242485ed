import { type Instant, instantAt, millisecondsOf } from '../../domain/instant.ts'
import { DAY } from '../../domain/retention.ts'
import { ERASED_BYTES, erasing, erasingValues, FRESH } from './erasing.ts'
import { type OwnerScope, OwnerStatement } from './owner-scope.ts'
import { onlyRow } from './session.ts'

/** Rows of `table` that are over, at most as many as one step takes, named by their keys. @param every what the index of that moment is for (STORE-19) */
const over = (table: string, keys: string, moment: string, until: string, every = 'seq > 0'): string =>
  `(select ${keys} from ${table} where owner_id = $owner and ${every} and ${moment} <= $${until}::timestamptz and exists (select from fresh) order by ${moment}, ${keys} limit $limit::int)`

/** Tasks whose days in the trash are over, and those that were in it when it was emptied. */
const TRASHED = `(select old.id from (${over('tasks', 'id', 'deleted_at', 'trashedBefore')} union
(select t.id from tasks t where t.owner_id = $owner and t.deleted_at is not null and t.seq > 0 and t.seq <= (select held.emptied from held) and exists (select from fresh)
order by t.seq limit $limit::int)) old limit $limit::int)`

/** What the index of their moments is for (STORE-19). */
const EXPIRING = `expires_at > '-infinity'`

/** The answers that expire are deleted, not emptied. */
const EXPIRED = 'k.expires_at <= $now::timestamptz'

const FORGET = OwnerStatement.of(
  'forget',
  `select case when exists (select from held) and not exists (select from fresh) then 'again' else total.steps::text end from total`,
  [
    `held as (select o.xmin as written, o.emptied from owners o where o.owner_id = $owner for no key update)`,
    FRESH,
    `purged as (delete from tasks t using ${TRASHED} old where t.owner_id = $owner and t.id = old.id
returning t.id, t.seq, t.deleted_at, t.weight)`,
    ...erasing(EXPIRED),
    `keys as (delete from kept_answers k using ${over('kept_answers', 'scope_hash, key', 'expires_at', 'now', EXPIRING)} old
where k.owner_id = $owner and k.scope_hash = old.scope_hash and k.key = old.key returning k.weight)`,
    `faded as (delete from tombstones b using ${over('tombstones', 'id', 'expires_at', 'now')} old where b.owner_id = $owner and b.id = old.id returning b.seq)`,
    `total as (select (select count(*) from purged) + (select count(*) from keys) + (select count(*) from faded) as steps,
${ERASED_BYTES}
+ coalesce((select sum(weight) from keys), 0) as bytes,
least((select min(t.deleted_at) + $trashTime::interval from tasks t where t.owner_id = $owner and t.deleted_at is not null and t.seq > 0),
(select min(k.expires_at) from kept_answers k where k.owner_id = $owner and k.${EXPIRING}), (select min(b.expires_at) from tombstones b where b.owner_id = $owner and b.seq > 0)) as next)`,
    `counted as (update owners o set tasks = o.tasks - gone.tasks, purges = o.purges + gone.tasks, bytes = o.bytes - total.bytes,
forgotten = greatest(o.forgotten, (select max(seq) from faded)), due_at = case total.steps when 0 then total.next else o.due_at end
from total, fresh, (select count(*) as tasks from purged) gone where o.owner_id = $owner)`,
    `postponed as (update due_work d set due_at = total.next from total, fresh where d.owner_id = $owner and total.steps = 0 and total.next is not null)`,
    `settled as (delete from due_work d using total, fresh where d.owner_id = $owner and total.steps = 0 and total.next is null)`,
  ],
  true,
)

/** One step of what is due (STORE-07, STORE-11): all of it or nothing. @returns how many rows it took; the step that finds none sets when the owner is due next */
export async function forget(mine: OwnerScope, now: Instant, limit: number, trashDays: number): Promise<number> {
  const values = {
    now,
    limit,
    trashedBefore: instantAt(millisecondsOf(now) - trashDays * DAY),
    // In hours: a day of an interval is that of the session's time zone, where some have 23.
    trashTime: `${trashDays * 24} hours`,
    ...erasingValues(now),
  }
  for (;;) {
    const [steps] = onlyRow(await mine(FORGET, values))
    if (steps !== 'again') return Number(steps)
  }
}

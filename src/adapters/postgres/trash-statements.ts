import { IS_KEPT, keeping, LOOKING, SCHEDULED } from './commit-statement.ts'
import { ERASED_BYTES, erasing, FRESH } from './erasing.ts'
import { OwnerStatement } from './owner-scope.ts'
import { IN_TRASH } from './rows.ts'

/** The kept answer that the statement itself writes. */
const OWN_KEY = `k.scope_hash = sha256(convert_to($scope::text, 'UTF8')) and k.key = $key`

/** What stands in the way, the first of it. @param cases between the key's and the end */
const verdict = (keeps: boolean, before: readonly string[], cases: readonly string[]): string =>
  `verdict as (select case when held.written is null then 'again' ${before.join(' ')} ${keeps ? `when ${IS_KEPT} then 'overtaken'` : ''} ${cases.join(' ')} else 'committed' end
as kind, held.seq, held.due_at, ${keeps ? '(select weight from expired)' : '0'} as expired from (select) one left join held on true)`

const clear = (keeps: boolean): string =>
  `clear as (select verdict.due_at, verdict.expired from verdict ${keeps ? 'cross join kept ' : ''}where verdict.kind = 'committed')`

/** Bytes that the kept answer brings. */
const keptBytes = (keeps: boolean): string => (keeps ? ' + $answerWeight::int - coalesce(clear.expired, 0)' : '')

const BODY = `select case when verdict.kind = 'committed' and not exists (select from clear) then 'overtaken' else verdict.kind end from verdict`

/** Erases one task and all that shows it, in one statement with what is kept of it. */
const purging = (keeps: boolean): OwnerStatement =>
  OwnerStatement.of(keeps ? 'purge once' : 'purge', BODY, [
    LOOKING.held,
    LOOKING.opened,
    FRESH,
    ...(keeps ? [LOOKING.expired] : []),
    verdict(
      keeps,
      [`when not exists (select from fresh) then 'again'`],
      [`when not exists (select from tasks t where t.owner_id = $owner and t.id = $id::uuid and t.seq = $decidedOn::bigint and ${IN_TRASH}) then 'overtaken'`],
    ),
    ...(keeps ? [keeping('$decidedOn::bigint')] : []),
    clear(keeps),
    `purged as (delete from tasks t using clear where t.owner_id = $owner and t.id = $id::uuid returning t.id, t.seq, t.deleted_at, t.weight)`,
    ...erasing(keeps ? OWN_KEY : 'false'),
    `counted as (update owners o set tasks = o.tasks - 1, purges = o.purges + 1, bytes = o.bytes - (${ERASED_BYTES})${keptBytes(keeps)}, due_at = least(o.due_at, $dueAt::timestamptz)
from clear where o.owner_id = $owner)`,
    SCHEDULED,
  ])

/** Marks what is in the trash as being there no more: the owner's row is the lock, so that nothing comes in between. Erasing it is due at once. */
const emptying = (keeps: boolean): OwnerStatement =>
  OwnerStatement.of(keeps ? 'empty once' : 'empty', BODY, [
    LOOKING.held,
    LOOKING.opened,
    ...(keeps ? [LOOKING.expired] : []),
    verdict(keeps, [], []),
    ...(keeps ? [keeping('verdict.seq')] : []),
    clear(keeps),
    `counted as (update owners o set emptied = o.seq, bytes = o.bytes${keptBytes(keeps)}, due_at = least(o.due_at, $dueAt::timestamptz) from clear where o.owner_id = $owner)`,
    SCHEDULED,
  ])

const STATEMENTS = { purge: [purging(false), purging(true)], empty: [emptying(false), emptying(true)] } as const

export const purgeStatement = (keeps: boolean): OwnerStatement => STATEMENTS.purge[keeps ? 1 : 0]
export const emptyStatement = (keeps: boolean): OwnerStatement => STATEMENTS.empty[keeps ? 1 : 0]

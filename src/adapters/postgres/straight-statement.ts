import { IS_KEPT, IS_TAKEN, nameOf, PURGES_SEEN, recorded, type Shape } from './commit-statement.ts'
import { OwnerStatement } from './owner-scope.ts'

/** Kept answers and what falls due, where nothing of them is there yet; a key that is, expired or not, is met on writing it. */
const KEPT = `kept as (insert into kept_answers (owner_id, scope_hash, key, fingerprint, kind, task_id, seq, body, weight, expires_at)
select $owner, sha256(convert_to($scope::text, 'UTF8')), $key, $fingerprint, $outcome, $id::uuid, numbered.seq, $body, $answerWeight::int,
$now::timestamptz + interval '24 hours' from numbered)`

/** The owner's row says when the first of its work is due: what is due later leaves that as it is. */
const SCHEDULED = `scheduled as (insert into due_work as d (owner_id, due_at) select $owner, $dueAt::timestamptz from numbered where numbered.due_at = $dueAt::timestamptz
on conflict (owner_id) do update set due_at = excluded.due_at where d.due_at > excluded.due_at)`

/** Whether the whole statement is needed from the beginning. */
export const isStraight = ({ writes, trims }: Shape): boolean => writes !== 'nothing' && !trims

/**
 * A write that nothing stands in the way of, which is nearly every one: what it asks for is a condition of taking the number, and nothing is looked
 * at twice. Where anything does, no row comes out and nothing is written, and the whole statement says what it was (commit-statement.ts).
 *
 * The conditions on the owner's row hold behind its lock. A task that was changed or purged while this waited for the lock is met on writing
 * its entry, and what came under the id or the key of a creation on writing that. Then all of it is undone.
 */
export function straightStatement(shape: Shape): OwnerStatement {
  const { writes, keeps, schedules } = shape
  const isCreation = writes === 'creation'
  const bytes = `o.bytes + $weight::int + $entryWeight::int + $answerWeight::int${isCreation ? '' : ' - t.weight'}`
  const sets = ['seq = o.seq + 1', `bytes = ${bytes}`, isCreation && 'tasks = o.tasks + 1', schedules && 'due_at = least(o.due_at, $dueAt::timestamptz)']
  const conditions = isCreation
    ? [...(keeps ? [`not ${IS_KEPT}`] : []), `not (${IS_TAKEN})`, `o.purges = ${PURGES_SEEN}`, 'o.tasks < $taskQuota::bigint']
    : ['t.owner_id = $owner', 't.id = $id::uuid', 't.seq = $decidedOn::bigint', '(t.deleted_at is null or t.seq > o.emptied)']
  const numbered = `numbered as (update owners o set ${sets.filter((set) => set !== false).join(', ')}${isCreation ? '' : ' from tasks t'}
where ${['o.owner_id = $owner', ...conditions, `${bytes} <= $byteQuota::bigint`].join(' and ')} returning o.seq, o.due_at)`
  const parts = [numbered, ...recorded(shape), ...(keeps ? [KEPT] : []), ...(schedules ? [SCHEDULED] : [])]
  // A key that is kept needs no lock to be believed.
  const body =
    isCreation && keeps
      ? `select numbered.seq::text, (${IS_KEPT})::text from (select) one left join numbered on true`
      : 'select numbered.seq::text, null from numbered'
  return OwnerStatement.of(nameOf('straight', shape), body, parts)
}

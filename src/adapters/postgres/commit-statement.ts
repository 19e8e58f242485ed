import { ENTRIES_KEPT } from '../../domain/retention.ts'
import { OwnerStatement } from './owner-scope.ts'

/** What a commit does, which is what its statement is made of. */
export interface Shape {
  readonly writes: 'creation' | 'change' | 'nothing'
  /** Title or description change: else their columns, long ones, are left alone. */
  readonly content: boolean
  readonly addsTags: boolean
  readonly removesTags: boolean
  /** The task has more than 1,000 versions: the entry before the newest 1,000 goes. */
  readonly trims: boolean
  readonly keeps: boolean
  /** Something of it falls due later. */
  readonly schedules: boolean
}

/** Columns that every change sets. */
const CHANGING = `printed = $printed, status = $status, priority = $priority::smallint, due = $due, due_order = $dueOrder::bigint,
updated_at = $at::timestamptz, deleted_at = $deletedAt::timestamptz, version = $version::int, weight = $weight::int`

const CONTENT = 'title_key = $titleKey, search_text = $searchText, '

/** What stands before the verdict: the owner's row is the lock, so that numbers are in the order of commits; the others are looked at behind it. */
export const LOOKING = {
  held: `held as (select o.seq, o.tasks, o.bytes, o.due_at, o.emptied, o.purges, o.xmin as written from owners o where o.owner_id = $owner for no key update)`,
  // An owner's first write: the row is made, and the commit tried again.
  opened: `opened as (insert into owners (owner_id) select $owner where not exists (select from held) on conflict do nothing)`,
  present: `present as (select t.weight from tasks t where t.owner_id = $owner and t.id = $id::uuid and t.seq = $decidedOn::bigint and exists (select from held where t.deleted_at is null or t.seq > held.emptied)
for no key update)`,
  expired: `expired as (select k.weight from kept_answers k where k.owner_id = $owner and k.scope_hash = sha256(convert_to($scope::text, 'UTF8')) and k.key = $key
and k.expires_at <= $now::timestamptz and exists (select from held) for no key update)`,
}

/** Whether a task must be as it was decided on: what is kept of one, too, must not come when it has been purged (TRASH-08). */
const isDecidedOn = ({ writes, keeps }: Shape): boolean => writes === 'change' || (writes === 'nothing' && keeps)

export const IS_KEPT = `exists (select from kept_answers k where k.owner_id = $owner and k.scope_hash = sha256(convert_to($scope::text, 'UTF8')) and k.key = $key
and k.expires_at > $now::timestamptz)`

export const IS_TAKEN = ['tasks', 'tombstones'].map((table) => `exists (select from ${table} x where x.owner_id = $owner and x.id = $id::uuid)`).join(' or ')

/** As they were when the statement began, whatever it has waited for. */
export const PURGES_SEEN = '(select seen.purges from owners seen where seen.owner_id = $owner)'

/** Bytes that come: the task's, less what it weighed, its entry's, the kept answer's. */
const added = ({ writes }: Shape): string =>
  writes === 'nothing'
    ? '$answerWeight::int'
    : `$weight::int + $entryWeight::int + $answerWeight::int${writes === 'change' ? ' - (select weight from present)' : ''}`

/**
 * What stands in the way, the first of it. A statement sees what was committed when it began, and behind the lock that may have been long ago:
 * so a refusal is believed only if the owner's row has not been written since, else it is `again`. Every other way in is closed to what it
 * did not see: rows are locked as they are now, a key that came meanwhile is met on writing it, and that a tombstone may have come is seen
 * by the number of purges.
 */
function verdict(shape: Shape): string {
  const isFresh = '(select o.xmin from owners o where o.owner_id = $owner) = held.written'
  const refused = (kind: string): string => `case when ${isFresh} then '${kind}' else 'again' end`
  const cases: readonly (string | false)[] = [
    `when held.written is null then 'again'`,
    shape.keeps && `when ${IS_KEPT} then 'overtaken'`,
    isDecidedOn(shape) && `when not exists (select from present) then 'overtaken'`,
    shape.writes === 'creation' && `when held.purges <> ${PURGES_SEEN} then 'again'`,
    shape.writes === 'creation' && `when ${IS_TAKEN} then ${refused('already-exists')}`,
    shape.writes === 'creation' && `when held.tasks >= $taskQuota::bigint then ${refused('task-quota-exceeded')}`,
    shape.writes !== 'nothing' && `when held.bytes + ${added(shape)} > $byteQuota::bigint then ${refused('storage-quota-exceeded')}`,
  ]
  return `verdict as (select case ${cases.filter((line) => line !== false).join('\n')} else 'committed' end as kind, held.seq, held.due_at,
${shape.keeps ? '(select weight from expired)' : '0'} as expired from (select) one left join held on true)`
}

/** A key that is kept, and was not seen to have expired, is met here at the latest: then no row comes out, and nothing after it is written. */
export const keeping = (seq: string): string => `kept as (
insert into kept_answers as k (owner_id, scope_hash, key, fingerprint, kind, task_id, seq, body, weight, expires_at)
select $owner, sha256(convert_to($scope::text, 'UTF8')), $key, $fingerprint, $outcome, $id::uuid, ${seq},
$body, $answerWeight::int, $now::timestamptz + interval '24 hours' from verdict where verdict.kind = 'committed'
on conflict (owner_id, scope_hash, key) do update set (fingerprint, kind, task_id, seq, body, weight, expires_at) =
(excluded.fingerprint, excluded.kind, excluded.task_id, excluded.seq, excluded.body, excluded.weight, excluded.expires_at)
where k.expires_at <= $now::timestamptz and exists (select from expired) returning k.seq)`

export const SCHEDULED = `scheduled as (insert into due_work as d (owner_id, due_at) select $owner, $dueAt::timestamptz from clear
where clear.due_at is null or clear.due_at > $dueAt::timestamptz on conflict (owner_id) do update set due_at = least(d.due_at, excluded.due_at))`

/** The owner's next number, and what the owner holds from now on. */
function numbering(shape: Shape): string {
  const gone = [shape.trims && '(select weight from trimmed)', shape.keeps && 'clear.expired'].filter((weight) => weight !== false)
  const sets = [
    shape.writes !== 'nothing' && 'seq = o.seq + 1',
    shape.writes === 'creation' && 'tasks = o.tasks + 1',
    `bytes = o.bytes + ${[added(shape), ...gone.map((weight) => `coalesce(${weight}, 0)`)].join(' - ')}`,
    shape.schedules && 'due_at = least(o.due_at, $dueAt::timestamptz)',
  ]
  const seq = shape.writes === 'nothing' ? '$decidedOn::bigint' : 'o.seq'
  return `numbered as (update owners o set ${sets.filter((set) => set !== false).join(', ')} from clear where o.owner_id = $owner returning ${seq} as seq)`
}

/** The task as it becomes, its tags and its entry, under the number that `numbered` gives. There is no entry without a task that was as decided on: then all of it is undone. */
export const recorded = (shape: Shape): readonly string[] => [
  written(shape),
  ...(shape.removesTags
    ? [`untagged as (delete from task_tags g using numbered where g.owner_id = $owner and g.task_id = $id::uuid and g.tag = any($removedTags::text[]))`]
    : []),
  ...(shape.addsTags
    ? [`tagged as (insert into task_tags (owner_id, task_id, tag) select $owner, $id::uuid, tag from numbered, unnest($addedTags::text[]) tag)`]
    : []),
  `entry as (insert into changes (owner_id, seq, task_id, version, kind, at, actor, fields, weight)
select $owner, numbered.seq, ${shape.writes === 'creation' ? '$id::uuid' : '(select task.id from task)'}, $version::int, $kind, $at::timestamptz, $actor, $fields::json, $entryWeight::int from numbered)`,
]

const written = ({ writes, content }: Shape): string =>
  writes === 'creation'
    ? `task as (insert into tasks (owner_id, id, seq, version, printed, title_key, search_text, status, priority, due, due_order, created_at, updated_at, deleted_at, weight)
select $owner, $id::uuid, numbered.seq, $version::int, $printed, $titleKey, $searchText, $status, $priority::smallint, $due, $dueOrder::bigint,
$createdAt::timestamptz, $at::timestamptz, $deletedAt::timestamptz, $weight::int from numbered)`
    : `task as (update tasks t set ${content ? CONTENT : ''}${CHANGING}, seq = numbered.seq from numbered where t.owner_id = $owner and t.id = $id::uuid and t.seq = $decidedOn::bigint
returning t.id)`

export function commitStatement(shape: Shape): OwnerStatement {
  const { writes, keeps, trims } = shape
  const parts: readonly (string | false)[] = [
    LOOKING.held,
    LOOKING.opened,
    isDecidedOn(shape) && LOOKING.present,
    keeps && LOOKING.expired,
    verdict(shape),
    keeps && keeping(writes === 'nothing' ? '$decidedOn::bigint' : 'verdict.seq + 1'),
    `clear as (select verdict.due_at, verdict.expired from verdict ${keeps ? 'cross join kept ' : ''}where verdict.kind = 'committed')`,
    trims &&
      `trimmed as (delete from changes c using clear where c.owner_id = $owner and c.task_id = $id::uuid and c.version = $version::int - ${ENTRIES_KEPT} returning c.weight)`,
    numbering(shape),
    ...(writes === 'nothing' ? [] : recorded(shape)),
    shape.schedules && SCHEDULED,
  ]
  const body = `select case when verdict.kind = 'committed' and numbered.seq is null then 'overtaken' else verdict.kind end, numbered.seq::text from verdict left join numbered on true`
  return OwnerStatement.of(
    nameOf('commit', shape),
    body,
    parts.filter((part) => part !== false),
  )
}

export const nameOf = (kind: string, shape: Shape): string =>
  `${kind} ${Object.values(shape)
    .map(Number)
    .map((bit, n) => (n === 0 ? shape.writes : bit))
    .join('-')}`

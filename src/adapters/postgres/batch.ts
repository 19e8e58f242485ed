import type { BatchCommit, BatchOutcome, BatchVerdict, LoadedBatch, Result } from '../../application/batch.ts'
import type { Once } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import { isFree } from '../../domain/change.ts'
import { type Instant, instantAt, isInstant, millisecondsOf } from '../../domain/instant.ts'
import { DAY } from '../../domain/retention.ts'
import type { TaskId } from '../../domain/task.ts'
import { answerWeight } from '../../domain/weight.ts'
import { attempt } from './commit.ts'
import { IS_KEPT, LOOKING, SCHEDULED } from './commit-statement.ts'
import { type OwnerScope, OwnerStatement, type OwnerTransaction } from './owner-scope.ts'
import { EMPTIED, IN_TRASH, instant, isOutcomeKind, storedFrom } from './rows.ts'
import { onlyRow } from './session.ts'

const SCOPE_HASH = `sha256(convert_to($scope::text, 'UTF8'))`

/** With what is kept there come no tasks: its body is as large as all of them. */
const LOAD_ALL = OwnerStatement.of(
  'load all',
  `select t.printed, t.seq::text, trim('"' from ${instant('t.deleted_at')}), k.fingerprint, k.kinds,
case when exists (select from kept_tasks s join tasks e on e.owner_id = $owner and e.id = s.task_id where s.owner_id = $owner and s.scope_hash = k.scope_hash
and s.key = k.key and e.deleted_at is not null and e.seq <= ${EMPTIED}) then null else k.body end
from (select) one left join kept_answers k on k.owner_id = $owner and k.scope_hash = ${SCOPE_HASH} and k.key = $key::text and k.expires_at > $now::timestamptz
left join tasks t on t.owner_id = $owner and t.id = any($ids::uuid[]) and (t.deleted_at is null or ${IN_TRASH}) and k.key is null`,
)

export async function loadAll(mine: OwnerScope, ids: readonly TaskId[], once: Once | undefined, now: Instant): Promise<LoadedBatch> {
  const rows = await mine(LOAD_ALL, { ids, scope: once?.scope ?? null, key: once?.key ?? null, now })
  const stored = rows.flatMap(([json, seq, deletedAt]) =>
    json == null || seq == null ? [] : [storedFrom(json, seq, deletedAt != null && isInstant(deletedAt) ? deletedAt : null)],
  )
  const [fingerprint, kinds, body] = onlyRow(rows.slice(0, 1)).slice(3)
  return { stored, kept: fingerprint == null || kinds == null ? undefined : { fingerprint, outcome: outcomeFrom(kinds, body) } }
}

/** Takes the owner's row, made where this is the first write, for the rest of the transaction. */
const HOLD = OwnerStatement.of('hold', 'select held.seq::text from (select) one left join held on true', [LOOKING.held, LOOKING.opened])

/** Behind the lock: whether the key is kept, after what has expired under it has gone, and how many of the tasks are as they were. */
const CHECK = OwnerStatement.of(
  'batch check',
  `select (${IS_KEPT})::text, (select count(*) from tasks t join unnest($ids::uuid[], $seqs::bigint[]) as u(id, seq) on u.id = t.id and u.seq = t.seq
where t.owner_id = $owner)::text`,
  [
    `expired as (delete from kept_answers k where k.owner_id = $owner and k.scope_hash = ${SCOPE_HASH} and k.key = $key and k.expires_at <= $now::timestamptz
returning k.weight)`,
    'lighter as (update owners o set bytes = o.bytes - expired.weight from expired where o.owner_id = $owner)',
  ],
)

const KEEP = OwnerStatement.of('keep batch', 'select verdict.kind from verdict', [
  LOOKING.held,
  `verdict as (select case when held.bytes + $answerWeight::int > $byteQuota::bigint then 'storage-quota-exceeded' else 'committed' end as kind, held.seq, held.due_at from held)`,
  `clear as (select verdict.seq, verdict.due_at from verdict where verdict.kind = 'committed')`,
  `kept as (insert into kept_answers (owner_id, scope_hash, key, fingerprint, kind, kinds, seq, body, weight, expires_at)
select $owner, ${SCOPE_HASH}, $key, $fingerprint, 'batch', $kinds, clear.seq, $body, $answerWeight::int, $now::timestamptz + interval '24 hours' from clear)`,
  `shown as (insert into kept_tasks (owner_id, scope_hash, key, task_id) select $owner, ${SCOPE_HASH}, $key, id from clear, unnest($shows::uuid[]) id)`,
  `counted as (update owners o set bytes = o.bytes + $answerWeight::int, due_at = least(o.due_at, $dueAt::timestamptz) from clear where o.owner_id = $owner)`,
  SCHEDULED,
])

/** Everything in one transaction that holds the owner's row from its beginning: a statement for each change, as for one that comes alone, and all of them in one round trip. */
export const commitAll = (transact: OwnerTransaction, batch: BatchCommit, rehearsal: boolean, trashDays: number): Promise<BatchVerdict> =>
  transact(
    (mine) => carryOut(mine, batch, trashDays),
    ({ kind }) => kind === 'committed' && !rehearsal,
  )

async function carryOut(mine: OwnerScope, { changes, unchanged, actor, now, quota, once, keep }: BatchCommit, trashDays: number): Promise<BatchVerdict> {
  let held: string | null | undefined
  while (held == null) [held] = onlyRow(await mine(HOLD, {}))
  if (!(await isAsDecided(mine, unchanged, once, now))) return { kind: 'overtaken' }
  // The row is held, so what number each change takes is known before. They are sent all at once: what comes behind one that is refused is rolled back with it.
  const numbers = new Map<TaskId, number>()
  const running = changes.map(({ change, decidedOn }, at) => {
    const { id } = change.after
    const attempted = attempt(mine, { change, decidedOn: numbers.get(id) ?? decidedOn, actor, now, quota, keep: undefined }, trashDays)
    numbers.set(id, Number(held) + at + 1)
    return attempted
  })
  const last = changes.findLastIndex(({ change }) => !isFree(change))
  const byteQuota = last < 0 ? Number.MAX_SAFE_INTEGER : quota.bytes
  const keeping =
    once && keep && mine(KEEP, { ...keepValues(once, keep), now, dueAt: instantAt(millisecondsOf(now) + DAY), byteQuota }).then((rows) => onlyRow(rows)[0])
  const [kept, ...verdicts] = await Promise.all([keeping, ...running])
  for (const [at, verdict] of verdicts.entries()) {
    if (verdict === undefined || verdict.kind === 'overtaken') return { kind: 'overtaken' }
    if (verdict.kind !== 'committed') return { kind: verdict.kind, at }
  }
  return kept === undefined || kept === 'committed' ? { kind: 'committed' } : { kind: 'storage-quota-exceeded', at: last }
}

async function isAsDecided(mine: OwnerScope, unchanged: BatchCommit['unchanged'], once: Once | undefined, now: Instant): Promise<boolean> {
  if (once === undefined && unchanged.length === 0) return true
  const values = { ids: unchanged.map(({ id }) => id), seqs: unchanged.map(({ seq }) => String(seq)), scope: once?.scope ?? null, key: once?.key ?? null, now }
  const [isKept, count] = onlyRow(await mine(CHECK, values))
  return isKept === 'false' && Number(count) === unchanged.length
}

function keepValues(once: Once, { outcome: { results }, shows }: NonNullable<BatchCommit['keep']>) {
  // A printed task is one line; a batch that shows none has no body.
  const body = results.some(({ json }) => json !== null) ? results.map(({ json }) => json ?? '').join('\n') : null
  const kinds = results.map(({ kind }) => kind).join()
  return { scope: once.scope, key: once.key, fingerprint: once.fingerprint, kinds, body, answerWeight: answerWeight(body), shows }
}

function outcomeFrom(kinds: string, body: string | null | undefined): BatchOutcome {
  const texts = body == null ? [] : body.split('\n')
  const results = kinds.split(',').map((kind, at): Result => ({ kind: isOutcomeKind(kind) ? kind : 'changed', json: texts[at] ? asJson(texts[at]) : null }))
  return { results }
}

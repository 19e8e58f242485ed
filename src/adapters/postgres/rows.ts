import type { Kept, Once, Outcome } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import type { Instant } from '../../domain/instant.ts'
import { isTaskId, type Stored, type Task } from '../../domain/task.ts'
import type { Row, Values } from './session.ts'

/** As JSON text. */
export const instant = (column: string): string => `'"' || to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"'`

/** The owner's number when the trash was emptied last. What was deleted up to it is not there any more: it waits for being erased (TRASH-10). */
export const EMPTIED = '(select o.emptied from owners o where o.owner_id = $owner)'

/** Whether the task `t` is in the trash: the one place that says so. */
export const IN_TRASH = `t.deleted_at is not null and t.seq > ${EMPTIED}`

/** @param json as it was printed when it was written (STORE-20) */
export function storedFrom(json: string, seq: string, deletedAt: Instant | null = null): Stored {
  const task: Omit<Task, 'deletedAt'> = JSON.parse(json)
  return { task: { ...task, deletedAt }, seq: Number(seq) }
}

/** The columns of a kept answer `k`, in the order in which `keptFrom` takes them. */
export const KEPT = `k.fingerprint, k.kind, k.task_id::text, k.seq::text, case when exists (select from tasks e where e.owner_id = $owner and e.id = k.task_id
and e.deleted_at is not null and e.seq <= ${EMPTIED}) then null else k.body end`

/** A look's part for what is kept: the answer `k` under the key, unless it is a day old. */
export const KEPT_UNDER = `left join kept_answers k on k.owner_id = $owner and k.scope_hash = sha256(convert_to($scope::text, 'UTF8')) and k.key = $key::text and k.expires_at > $now::timestamptz`

export const keyValues = (once: Once | undefined): Values => ({ scope: once?.scope ?? null, key: once?.key ?? null })

export function keptFrom([fingerprint, kind, id, seq, body]: Row): Kept | undefined {
  if (fingerprint == null || !isOutcomeKind(kind) || id == null || !isTaskId(id)) return undefined
  return { fingerprint, outcome: { kind, id, seq: Number(seq), json: body == null ? null : asJson(body) } }
}

export const isOutcomeKind = (text: string | null | undefined): text is Outcome['kind'] => text === 'created' || text === 'changed' || text === 'discarded'

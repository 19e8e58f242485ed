import type { Kept, Once, Outcome } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import type { Instant } from '../../domain/instant.ts'
import { isTaskId, PRIORITIES, type Stored, type Task } from '../../domain/task.ts'
import type { Row, Values } from './session.ts'

/** Text without characters that JSON escapes. */
const quoted = (column: string): string => `'"' || ${column} || '"'`
const escaped = (column: string): string => `to_json(${column})`
const orNull = (json: string): string => `coalesce(${json}, 'null')`
export const instant = (column: string): string => quoted(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`)

const MEMBERS = {
  id: quoted('t.id'),
  title: escaped('t.title'),
  description: escaped('t.description'),
  status: quoted('t.status'),
  priority: quoted(`(array['${PRIORITIES.join("', '")}'])[t.priority + 1]`),
  due: orNull(quoted('t.due')),
  tags: escaped('t.tags'),
  completedAt: orNull(instant('t.completed_at')),
  createdAt: instant('t.created_at'),
  updatedAt: instant('t.updated_at'),
  version: 't.version',
} as const satisfies Record<Exclude<keyof Task, 'deletedAt'>, string>

/**
 * The task `t` as JSON text, byte for byte what `print` makes of it. Put together by hand: `row_to_json` looks up how to print each column
 * for each row anew, and takes twice as long.
 */
export const PRINTED = `'{' || ${Object.entries(MEMBERS)
  .map(([name, json]) => `'"${name}":' || ${json}`)
  .join(` || ',' || `)} || '}'`

/** The owner's number when the trash was emptied last. What was deleted up to it is not there any more: it waits for being erased (TRASH-10). */
export const EMPTIED = '(select o.emptied from owners o where o.owner_id = $owner)'

/** Whether the task `t` is in the trash: the one place that says so. */
export const IN_TRASH = `t.deleted_at is not null and t.seq > ${EMPTIED}`

/** The columns that a task is printed from. */
export const SHOWN = 't.id, t.title, t.description, t.status, t.priority, t.due, t.tags, t.completed_at, t.created_at, t.updated_at, t.version'

/** @param json as the database printed it */
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

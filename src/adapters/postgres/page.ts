import type { TaskPage } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import { instantAt } from '../../domain/instant.ts'
import type { Filter, Position, Query, Sort, SortField } from '../../domain/query.ts'
import { PRIORITIES } from '../../domain/task.ts'
import { type OwnerScope, OwnerStatement } from './owner-scope.ts'
import { PRINTED, SHOWN } from './rows.ts'
import { onlyRow, type Values } from './session.ts'

/** The bounds of `bigint` stand in for a due date that is not there, so that it comes last either way; each has its index. */
const beyond = (sort: Sort): string => (sort.descending ? '-9223372036854775808' : '9223372036854775807')

/** What the rows sort by; as the indexes say it, so that each page is a walk along one. */
const keyColumn = (sort: Sort): string =>
  ({
    createdAt: 't.created_at',
    updatedAt: 't.updated_at',
    due: `case when t.due_order is null then ${beyond(sort)} else t.due_order end`,
    priority: 't.priority',
    title: 't.title_key',
  })[sort.field]

/** A position's key as the column has it. */
const keyParameter = (sort: Sort): string =>
  ({
    createdAt: '$key::timestamptz',
    updatedAt: '$key::timestamptz',
    due: `coalesce($key::bigint, ${beyond(sort)})`,
    priority: '$key::smallint',
    title: '$key::text',
  })[sort.field]

/** A row's key as a position has it. */
const KEY_SHOWN: Readonly<Record<SortField, string>> = {
  createdAt: '(extract(epoch from t.created_at) * 1000)::bigint::text',
  updatedAt: '(extract(epoch from t.updated_at) * 1000)::bigint::text',
  due: 't.due_order::text',
  priority: 't.priority::text',
  title: 't.title_key',
}

/** Whether a due date is at or after a bound: a day is held against the bound's day, a moment against its moment, as in the domain (LIST-07). */
export const reaches = (bound: string): string => `case when length(t.due) = 10 then t.due >= $day${bound}::text else t.due_order >= $at${bound}::bigint end`

interface Condition {
  readonly name: string
  readonly sql: string
}

/** One condition for each kind of filter that is asked for, and one for each tag. */
function conditions({ statuses, priorities, tags, dueAfter, dueBefore, words }: Filter): readonly Condition[] {
  const conditions: readonly (Condition | false)[] = [
    statuses.length > 0 && { name: 'status', sql: 't.status = any($statuses::text[])' },
    priorities.length > 0 && { name: 'priority', sql: 't.priority = any($priorities::smallint[])' },
    dueAfter !== undefined && { name: 'after', sql: `t.due is not null and ${reaches('After')}` },
    dueBefore !== undefined && { name: 'before', sql: `t.due is not null and not ${reaches('Before')}` },
    words.length > 0 && { name: 'words', sql: '(select bool_and(position(word in t.search_text) > 0) from unnest($words::text[]) word)' },
    // `is true` keeps it what it is: looked up once, and each task held against what was found.
    ...tags.map((_, n) => ({ name: 'tag', sql: `(t.id in (select g.task_id from task_tags g where g.owner_id = $owner and g.tag = $tag${n}::text)) is true` })),
  ]
  return conditions.filter((condition) => condition !== false)
}

/** The usual sizes of a page are in the text: of a limit that it does not know, the planner makes too much to plan the statement once and for all. */
const USUAL_LIMITS = [10, 20, 25, 50, 100]

const prepared = new Map<string, OwnerStatement>()

export function pageStatement({ filter, sort, limit, from }: Query): OwnerStatement {
  const filters = conditions(filter)
  // Others come in too many texts to prepare each of them on each connection; planning them is little beside running them.
  if (filters.length > 1 || !USUAL_LIMITS.includes(limit)) return OwnerStatement.of(undefined, bodyOf(filters, sort, '$limit::int', from))
  const name = ['page', sort.field, sort.descending ? 'down' : 'up', from ? 'on' : 'first', String(limit), ...filters.map((filter) => filter.name)].join(' ')
  const statement = prepared.get(name) ?? OwnerStatement.of(name, bodyOf(filters, sort, String(limit), from))
  prepared.set(name, statement)
  return statement
}

function bodyOf(filters: readonly Condition[], sort: Sort, limit: string, from: Position | undefined): string {
  const direction = sort.descending ? 'desc' : 'asc'
  const key = keyColumn(sort)
  const begins = from === undefined ? [] : [`(${key}, t.id) ${sort.descending ? '<' : '>'} (${keyParameter(sort)}, $id::uuid)`]
  const walk = (columns: string): string => `select ${columns} from tasks t
where ${['t.owner_id = $owner', 't.deleted_at is null', ...begins, ...filters.map(({ sql }) => sql)].join(' and ')}
order by ${key} ${direction}, t.id ${direction} limit ${limit} + 1`
  const columns = `${SHOWN}, t.due_order, t.title_key`
  // A filter is held against the index alone, however few pass it; only what did is looked up (STORE-17).
  const rows =
    filters.length === 0
      ? walk(columns)
      : `select t.* from (${walk(`t.id, ${key} as key`)}) w,
lateral (select ${columns} from tasks t where t.owner_id = $owner and t.id = w.id offset 0) t order by w.key ${direction}, w.id ${direction}`
  const last = (column: string): string => `case when count(*) > ${limit} then max(${column}) filter (where t.place = ${limit}) end`
  return `select '[' || coalesce(string_agg(${PRINTED}, ',') filter (where t.place <= ${limit}), '') || ']',
${last(KEY_SHOWN[sort.field])} as key, ${last('t.id::text')} as id,
coalesce((select o.seq from owners o where o.owner_id = $owner), 0)::text
from (select row_number() over () as place, t.* from (${rows}) t) t`
}

function valuesOf({ filter, sort, limit, from }: Query): Values {
  const isMoment = sort.field === 'createdAt' || sort.field === 'updatedAt'
  return {
    limit,
    key: typeof from?.key === 'number' && isMoment ? instantAt(from.key) : (from?.key ?? null),
    id: from?.id ?? null,
    statuses: filter.statuses,
    priorities: filter.priorities.map((priority) => String(PRIORITIES.indexOf(priority))),
    dayAfter: filter.dueAfter?.day ?? null,
    atAfter: filter.dueAfter?.at ?? null,
    dayBefore: filter.dueBefore?.day ?? null,
    atBefore: filter.dueBefore?.at ?? null,
    words: filter.words,
    ...Object.fromEntries(filter.tags.map((tag, n) => [`tag${n}`, tag])),
  }
}

/** One page in one statement: the items printed, where the next page begins, and the number it is all true for. */
export async function page(mine: OwnerScope, query: Query): Promise<TaskPage> {
  const [items, key = null, id, seq] = onlyRow(await mine(pageStatement(query), valuesOf(query)))
  const next = id == null ? undefined : { key: key === null || query.sort.field === 'title' ? key : Number(key), id }
  return { items: asJson(items ?? '[]'), next, seq: Number(seq) }
}

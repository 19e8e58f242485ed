import type { TaskPage } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import { instantAt } from '../../domain/instant.ts'
import type { Position, Query, Sort, SortField } from '../../domain/query.ts'
import { type Condition, conditions } from './list-filter.ts'
import { type OwnerScope, OwnerStatement } from './owner-scope.ts'
import { onlyRow, type Values } from './session.ts'
import type { ToldPages } from './told-pages.ts'

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

/**
 * The owner's number, and by what a later look sees that the owner's row has not been written since: its number, the transaction that wrote it,
 * and the server, as after a failover another one may have given both again (STORE-18).
 */
const NOW = `select coalesce(o.seq, 0)::text as seq, o.seq || ' ' || o.xmin || ' ' || extract(epoch from pg_postmaster_start_time()) as stamp
from (select) one left join owners o on o.owner_id = $owner`

/** The condition of every index but the key's, which all rows meet (STORE-19). */
const LISTED = 't.seq > 0'

/** Decided before the first task is looked at. */
const IS_NEWS = 'now.stamp is distinct from $known::text'

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
where ${['t.owner_id = $owner', 't.deleted_at is null', LISTED, ...begins, ...filters.map(({ sql }) => sql), IS_NEWS].join(' and ')}
order by ${key} ${direction}, t.id ${direction} limit ${limit} + 1`
  const columns = 't.id, t.printed, t.created_at, t.updated_at, t.due_order, t.priority, t.title_key'
  // A filter is held against the index alone, however few pass it; only what did is looked up (STORE-17).
  const rows =
    filters.length === 0
      ? walk(columns)
      : `select t.* from (${walk(`t.id, ${key} as key`)}) w,
lateral (select ${columns} from tasks t where t.owner_id = $owner and t.id = w.id offset 0) t order by w.key ${direction}, w.id ${direction}`
  const last = (column: string): string => `case when count(*) > ${limit} then max(${column}) filter (where t.place = ${limit}) end`
  return `select page.*, now.seq, now.stamp from (${NOW}) now,
lateral (select '[' || coalesce(string_agg(t.printed, ',') filter (where t.place <= ${limit}), '') || ']' as items,
${last(KEY_SHOWN[sort.field])} as key, ${last('t.id::text')} as id
from (select row_number() over () as place, t.* from (${rows}) t) t) page`
}

function valuesOf({ filter, sort, limit, from }: Query, known: string | null): Values {
  const begins = from && { key: typeof from.key === 'number' && isMoment(sort) ? instantAt(from.key) : from.key, id: from.id }
  return Object.assign({ limit, known }, begins, ...conditions(filter).map(({ values }) => values))
}

const isMoment = ({ field }: Sort): boolean => field === 'createdAt' || field === 'updatedAt'

/**
 * One page in one statement: the items printed, where the next page begins, and the number it is all true for.
 * @param told what this owner was told before, which the statement says whether it is still so (STORE-18)
 */
export async function page(mine: OwnerScope, query: Query, told: ToldPages): Promise<TaskPage> {
  const known = told.find(query)
  const [items, key = null, id, seq, stamp] = onlyRow(await mine(pageStatement(query), valuesOf(query, known?.stamp ?? null)))
  // What made room for others meanwhile is asked for anew.
  if (known !== undefined && stamp === known.stamp) return known.page() ?? page(mine, query, told)
  const next = id == null ? undefined : { key: key === null || query.sort.field === 'title' ? key : Number(key), id }
  const answer: TaskPage = { items: asJson(items ?? '[]'), next, seq: Number(seq) }
  if (stamp != null) told.keep(query, stamp, answer)
  return answer
}

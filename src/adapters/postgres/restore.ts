import { type Progress, seeingOwners } from './backup.ts'
import { BrokenBackup, type Line, readBackup } from './backup-lines.ts'
import { isPassing } from './faults.ts'
import type { Keeper } from './keeper.ts'
import { MIGRATIONS } from './migrations/names.ts'
import { onlyRow, type Runner, statement } from './session.ts'

/** The database holds something already (BACKUP-10). */
export class NotEmpty extends Error {
  constructor() {
    super('the database has owners already')
    this.name = 'NotEmpty'
  }
}

/** Rows that one statement writes at most, and characters. */
const [ROWS_AT_ONCE, LENGTH_AT_ONCE] = [500, 4_000_000]

// Readers see an empty database until it is full, writers wait.
const LOCK = statement(undefined, 'lock table owners in exclusive mode')
const IS_EMPTY = statement(undefined, 'select (not exists (select from owners))::text')
const COLUMNS = statement(
  undefined,
  `select c.relname::text, a.attname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
and exists (select from pg_attribute o where o.attrelid = c.oid and o.attname = 'owner_id') order by c.relname, a.attnum`,
)

/**
 * Fills an empty database, all of it or nothing (BACKUP-11), each row written as its owner.
 * @param raise how much greater every sequence number is than it was (BACKUP-07)
 * @throws {BrokenBackup}, {NotEmpty}
 */
export async function restore(
  { session, migrate, applied }: Keeper,
  lines: AsyncIterator<string>,
  raise: number,
  tell: (progress: Progress) => void,
): Promise<void> {
  const { header, rows } = await readBackup(lines)
  const known: readonly string[] = MIGRATIONS
  const last = header.migrations.at(-1)
  if (last === undefined || header.migrations.some((name, at) => name !== known[at]))
    throw new BrokenBackup(1, 'names a version of the tables that this one does not know')
  await migrate(last)
  if ((await applied()).length !== header.migrations.length)
    throw new BrokenBackup(1, 'names an earlier version than that of the database: take one that nothing has used yet')
  let isBegun = false
  await session.transaction(
    async (within) => {
      if (isBegun) throw new Error('the restoration was interrupted after it had begun')
      isBegun = true
      await within.run(LOCK, {})
      if (onlyRow(await seeingOwners(within, IS_EMPTY))[0] !== 'true') throw new NotEmpty()
      const tables = Map.groupBy(await within.run(COLUMNS, {}), ([table]) => table ?? '')
      const columnsOf = (table: string): readonly string[] => tables.get(table)?.map(([, column]) => column ?? '') ?? []
      const progress = { rows: 0, owners: 0, of: header.owners }
      for await (const batch of inBatches(rows, columnsOf)) {
        await write(within, batch, columnsOf(batch[0].table), raise)
        progress.rows += batch.length
        if (batch[0].table === 'owners') progress.owners += batch.length
        tell({ ...progress })
      }
    },
    () => true,
    { isCopying: true },
  )
}

type Batch = readonly [Line, ...Line[]]

/** Lines of one table that follow each other, which hold just its columns. */
async function* inBatches(rows: AsyncIterable<Line>, columnsOf: (table: string) => readonly string[]): AsyncIterable<Batch> {
  let batch: [Line, ...Line[]] | undefined
  let length = 0
  for await (const line of rows) {
    const columns = new Set(columnsOf(line.table))
    if (columns.size === 0) throw new BrokenBackup(line.number, 'is of a table that is not there')
    if (columns.symmetricDifference(new Set(line.columns)).size > 0) throw new BrokenBackup(line.number, 'has other columns than its table')
    length += line.json.length
    if (batch !== undefined && batch[0].table === line.table && batch.length < ROWS_AT_ONCE && length <= LENGTH_AT_ONCE) batch.push(line)
    else {
      if (batch !== undefined) yield batch
      batch = [line]
      length = line.json.length
    }
  }
  if (batch !== undefined) yield batch
}

const SAVE = statement(undefined, 'savepoint batch')
const BACK = statement(undefined, 'rollback to savepoint batch')
const FREE = statement(undefined, 'release savepoint batch')

/** A batch that the database refuses is written row by row, to tell which line it is. */
async function write(within: Runner, batch: Batch, columns: readonly string[], raise: number): Promise<void> {
  const [{ table, number }, ...others] = batch
  await within.run(SAVE, {})
  try {
    const [count] = onlyRow(await within.run(insertion(table, columns), { raise, rows: `[${batch.map(({ json }) => json).join()}]` }))
    if (Number(count) !== batch.length) throw new Error(`${count} rows were written instead of ${batch.length}`)
    await within.run(FREE, {})
  } catch (fault) {
    if (isPassing(fault)) throw fault
    if (others.length === 0) throw new BrokenBackup(number, 'is not taken by the database', fault)
    await within.run(BACK, {})
    for (const line of batch) await write(within, [line], columns, raise)
  }
}

/** What a number of the sequence becomes. */
const RAISED: Readonly<Record<string, string>> = { seq: 'r.seq + $raise::bigint', emptied: 'r.emptied + $raise::bigint', forgotten: 'r.seq + $raise::bigint' }

/** Row after row as its owner: a row is read, the scope is set to its owner, and the policy checks it as it is written. */
const insertion = (table: string, columns: readonly string[]) =>
  statement(
    undefined,
    `with written as (insert into ${table} (${columns.join(', ')}) select ${columns.map((column) => RAISED[column] ?? `r.${column}`).join(', ')}
from json_populate_recordset(null::${table}, $rows::json) r, lateral (select set_config('app.owner_id', r.owner_id, true) as owner offset 0) scope
where scope.owner = r.owner_id returning 1) select count(*)::text from written`,
  )

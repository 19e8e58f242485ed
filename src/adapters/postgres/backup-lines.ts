import { createHash } from 'node:crypto'

/** What the file says of itself in its first line. */
export interface Header {
  /** That the rows are in the form of, in their order. */
  readonly migrations: readonly string[]
  readonly owners: number
}

/** A row of a table, columns by name. */
export interface Line {
  readonly number: number
  readonly table: string
  readonly columns: readonly string[]
  /** The row as it stands in the file, in JSON. */
  readonly json: string
}

/** The version of the format of lines, not of the rows. */
const FORMAT = 1

/** The file is not what a backup is. Holds nothing of what it says. */
export class BrokenBackup extends Error {
  /** @param line counted from 1 */
  constructor(line: number, flaw: string, cause?: unknown) {
    super(`line ${line} ${flaw}`, { cause })
    this.name = 'BrokenBackup'
  }
}

/** What stands before the row on its line. */
const before = (table: string): string => `{"table":${JSON.stringify(table)},"row":`

export interface Writer {
  begin(header: Header): Promise<void>
  /** @param row in JSON, on one line */
  add(table: string, row: string): Promise<void>
  end(): Promise<void>
}

/** @param write gets whole lines, with their ends */
export function writer(write: (text: string) => Promise<void>): Writer {
  const hash = createHash('sha256')
  let rows = 0
  const line = (text: string): Promise<void> => {
    hash.update(`${text}\n`)
    return write(`${text}\n`)
  }
  return {
    begin: (header) => line(JSON.stringify({ taskward: 'backup', format: FORMAT, ...header })),
    add(table, row) {
      rows++
      return line(`${before(table)}${row}}`)
    },
    end: () => line(JSON.stringify({ end: { rows, sha256: hash.copy().digest('hex') } })),
  }
}

/** Reads the first line, and then the others up to the last one, which has to say of them what is so. @throws {BrokenBackup} */
export async function readBackup(lines: AsyncIterator<string>): Promise<{ readonly header: Header; readonly rows: AsyncIterable<Line> }> {
  const hash = createHash('sha256')
  let number = 1
  let text = ''
  const next = async (): Promise<Readonly<Record<string, unknown>>> => {
    const { done, value } = await lines.next().catch((fault: unknown) => {
      throw new BrokenBackup(number, 'cannot be read: the file is damaged or cut short', fault)
    })
    if (done === true) throw new BrokenBackup(number, 'is missing: the file is cut short')
    text = value
    const members = membersOf(text, number)
    if (!('end' in members)) hash.update(`${text}\n`)
    return members
  }
  const header = headerOf(await next())

  async function* rows(): AsyncIterable<Line> {
    for (let count = 0; ; count++) {
      number++
      const { table, row, end } = await next()
      if (end !== undefined) {
        if (JSON.stringify(end) !== JSON.stringify({ rows: count, sha256: hash.digest('hex') }))
          throw new BrokenBackup(number, 'says otherwise of the lines before: one of them is changed or missing')
        if ((await lines.next()).done !== true) throw new BrokenBackup(number + 1, 'comes after the end')
        return
      }
      // Taken from the line as it stands: read and printed again, a large number would no longer be the same.
      if (typeof table !== 'string' || !isMembers(row) || !text.startsWith(before(table))) throw new BrokenBackup(number, 'is no row of a table')
      yield { number, table, columns: Object.keys(row), json: text.slice(before(table).length, -1) }
    }
  }
  return { header, rows: rows() }
}

function headerOf({ taskward, format, migrations, owners }: Readonly<Record<string, unknown>>): Header {
  if (taskward !== 'backup') throw new BrokenBackup(1, 'is not that of a backup')
  if (format !== FORMAT) throw new BrokenBackup(1, 'names a format that this version does not know')
  if (!Array.isArray(migrations) || !migrations.every((name) => typeof name === 'string') || typeof owners !== 'number')
    throw new BrokenBackup(1, 'does not say what the rows are')
  return { migrations, owners }
}

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)

function membersOf(text: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (isMembers(value)) return value
  } catch (fault) {
    throw new BrokenBackup(number, 'is no JSON', fault)
  }
  throw new BrokenBackup(number, 'is no JSON object')
}

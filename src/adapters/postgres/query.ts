import type { Connection, Submittable } from 'pg'
import type { Parameter, Row, Statement } from './session.ts'

/** How the driver numbers and lists are written in the text format (PostgreSQL, section 8.15.2). */
const written = (value: Parameter): string | null =>
  typeof value === 'object' && value !== null
    ? `{${value.map((item) => `"${item.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`
    : value === null
      ? null
      : String(value)

/** What the driver's connection keeps of the statements that it has prepared, though its types do not say so. */
interface Preparing {
  readonly parsedStatements: Readonly<Record<string, string>>
  readonly submittedNamedStatements: Record<string, string>
}

/**
 * One statement on its way. The driver's own query asks for a description of the rows each time, and makes of it what nobody reads here:
 * every column is text. Without it a page costs this process a sixth less.
 */
export class Query implements Submittable {
  readonly name: string
  readonly text: string
  /** Milliseconds for the answer; undefined: those of the connection. */
  readonly query_timeout: number | undefined
  /** The driver puts one of its own in front of it. */
  callback: (fault: unknown, rows: readonly Row[]) => void
  readonly #values: readonly Parameter[]
  readonly #rows: Row[] = []

  /** @param prepares whether it goes by its name */
  constructor(statement: Statement, values: readonly Parameter[], prepares: boolean, callback: Query['callback'], answering?: number) {
    this.name = prepares ? (statement.name ?? '') : ''
    this.text = statement.text
    this.#values = values
    this.callback = callback
    this.query_timeout = answering
  }

  submit(connection: Connection & Partial<Preparing>): null {
    const { name, text } = this
    const { parsedStatements = {}, submittedNamedStatements = {} } = connection
    const isPrepared = name !== '' && (name in parsedStatements || name in submittedNamedStatements)
    const values = this.#values.map(written)
    connection.stream.cork()
    try {
      if (!isPrepared) connection.parse({ name, text, types: [] }, true)
      if (!isPrepared && name !== '') submittedNamedStatements[name] = text
      connection.bind({ portal: '', statement: name, values }, true)
      connection.execute({ portal: '' }, true)
      connection.sync()
    } finally {
      connection.stream.uncork()
    }
    return null
  }

  handleDataRow({ fields }: { readonly fields: Row }): void {
    this.#rows.push(fields)
  }

  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}

  handleError(fault: unknown): void {
    this.callback(fault, [])
  }

  handleReadyForQuery(): void {
    this.callback(null, this.#rows)
  }
}

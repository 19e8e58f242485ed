import { createHash } from 'node:crypto'

/** What a statement is given: numbers and instants go as text, a list of strings as an array. */
export type Parameter = string | number | null | readonly string[]

export type Values = Readonly<Record<string, Parameter>>

/** Every column is cast to text by the statement itself: nothing is parsed on its way that goes out as it is. */
export type Row = readonly (string | null)[]

export interface Statement {
  /** Prepared once per connection under this name; undefined for texts of which there are too many to keep. */
  readonly name: string | undefined
  readonly text: string
  /** The names of `$1`, `$2` and so on. */
  readonly parameters: readonly string[]
  /** No request waits for it: it may take longer. */
  readonly isUnhurried?: boolean
}

export interface Runner {
  /** @param waited milliseconds that are gone already of those that it may take */
  run(statement: Statement, values: Values, waited?: number): Promise<readonly Row[]>
  /** The transaction that it runs in has been given its owner. */
  readonly hasOwner?: boolean
}

export interface TransactionTerms {
  /** For all of the transaction, which cannot be given another. */
  readonly owner?: string
  /** No request waits for it: it may take longer. */
  readonly isUnhurried?: boolean
  /** All of a database goes through it: it takes as long as it takes. */
  readonly isCopying?: boolean
  /** Milliseconds that are gone already of those that it may take. */
  readonly waited?: number
}

/** Runs statements, each in a transaction of its own. @throws {Unavailable} where trying again later may help */
export interface Session extends Runner {
  /**
   * One transaction for all that `work` runs: committed where its result is to be kept, else rolled back, and so where it throws.
   * `work` is called again where others were the reason for a rollback.
   */
  transaction<T>(work: (within: Runner) => Promise<T>, isKept: (result: T) => boolean, terms?: TransactionTerms): Promise<T>

  /** Whether the rows are on several servers, where a statement cannot be given its owner by itself. Asked once. */
  isDistributed(): boolean | Promise<boolean>
}

/** @param sql with its parameters by name: `$owner`, `$limit` */
export function statement(name: string | undefined, sql: string, isUnhurried = false): Statement {
  const parameters: string[] = []
  const text = sql.replaceAll(/\$([a-z]\w*)/gi, (_, parameter: string) => {
    if (!parameters.includes(parameter)) parameters.push(parameter)
    return `$${parameters.indexOf(parameter) + 1}`
  })
  // The text is in the name: behind a pooler two versions of this program may share a connection, and must not run each other's statements.
  return { name: name && `${name} ${createHash('sha256').update(text).digest('base64url').slice(0, 12)}`, text, parameters, isUnhurried }
}

/** The values in the order of `$1`, `$2` and so on. */
export const inOrder = ({ parameters }: Statement, values: Values): Parameter[] =>
  parameters.map((name) => {
    const value = values[name]
    if (value === undefined) throw new Error(`no value for the parameter ${name}`)
    return value
  })

/** For a connection that takes one statement at a time: one after the other, whatever became of those before. */
export function inTurn(run: Runner['run']): Runner['run'] {
  let last: Promise<unknown> = Promise.resolve()
  return (statement, values) => {
    const running = last.then(() => run(statement, values))
    last = Promise.allSettled([running])
    return running
  }
}

/** The one row that the statement always answers with. */
export function onlyRow(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined) throw new Error('the statement gave no row: row security did not see the owner')
  return row
}

import type { CustomTypesConfig, QueryArrayConfig } from 'pg'
import type { Statement } from './session.ts'

/** Rows as the server sent them: every column is text already. */
const AS_TEXT: CustomTypesConfig = { getTypeParser: () => (value: unknown) => value }

/** The driver takes this too, though its types do not say so: milliseconds for the answer, else those of the connection. */
interface Query extends QueryArrayConfig {
  readonly query_timeout?: number
}

/** @param prepares whether it goes by its name. @param answering milliseconds for the answer; undefined: those of the connection */
export function queryFor({ name, text }: Statement, values: unknown[], prepares: boolean, answering?: number): Query {
  const named = name !== undefined && prepares ? { name } : {}
  return { ...named, text, values, rowMode: 'array', types: AS_TEXT, ...(answering !== undefined && { query_timeout: answering }) }
}

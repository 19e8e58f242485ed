import { escapeLiteral } from 'pg'
import { patienceOf } from './patience.ts'
import { statement, type TransactionTerms } from './session.ts'

/** Whether the rows are on several servers (Citus, https://docs.citusdata.com): there `set_config` in a statement does not reach them. */
export const IS_DISTRIBUTED = statement('distributed', `select exists (select from pg_extension where extname = 'citus')::text`)

/** What a transaction begins with, one message. A setting goes on to the servers that hold the rows as a literal, and where this is asked for. */
export const beginning = (terms: TransactionTerms): string => {
  const { owner, isUnhurried = false, isCopying = false } = terms
  return [
    'begin',
    ...(isUnhurried || isCopying ? [`set local statement_timeout = ${patienceOf(terms).running}`] : []),
    ...(owner === undefined ? [] : [`set local citus.propagate_set_commands = 'local'`, `set local app.owner_id = ${escapeLiteral(owner)}`]),
  ].join('; ')
}

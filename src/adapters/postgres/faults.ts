import { Unavailable } from '../../application/ports.ts'

/** SQLSTATE classes and codes behind which the same request may succeed later (PostgreSQL, appendix A). */
const PASSING = [
  /^08/, // connection exceptions
  /^53/, // insufficient resources, too many connections among them
  /^57P/, // shutdown, crash, starting up
  /^57014$/, // the statement took too long and was cancelled
  /^55P03$/, // a lock was not to be had
  /^28/, // the login is refused: a password that is being changed
  /^3D000$/, // the database is not there: one that is being restored
  /^55000$/, // it takes no connections now
  /^40/, // serialization failure, deadlock: tried again before it comes here
  /^25006$/, // a standby: the primary has moved
  /^25P0[34]$/, // the server ended a transaction that took too long, and its connection
  /^58/, // faults of the system beneath the database
]

/** Told by `pg` without a code: https://github.com/brianc/node-postgres/tree/master/packages. The last two, of `pg` and PGlite, are what a request meets that outlived its client, and then the server. */
const LOST =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable|connection ended|after calling end on the pool|PGlite is clos/i

/** What `pg` says where an answer does not come in time. */
const UNANSWERED = 'Query read timeout'

const codeOf = (fault: unknown): string => (fault instanceof Error && 'code' in fault && typeof fault.code === 'string' ? fault.code : '')

const isSystemFault = (fault: unknown): boolean => fault instanceof Error && 'syscall' in fault

/** The statement was rolled back on account of others, and may be run again as it is: 40003 says that nobody knows whether it was. */
export const isRollback = (fault: unknown): boolean => ['40001', '40P01'].includes(codeOf(fault))

/** A key was taken, or what a row belongs to was gone or changed, since the statement began: nothing of it was carried out. */
export const isMet = (fault: unknown): boolean =>
  ['23505', '23503'].includes(codeOf(fault)) || (codeOf(fault) === '23502' && fault instanceof Error && 'column' in fault && fault.column === 'task_id')

/** The connection is not used again: what the server did not say itself, the connection did; or the server says that it closes it. */
export const isBroken = (fault: unknown): boolean => !(fault instanceof Error && 'severity' in fault) || /^(?:08|57P|25P0)/.test(codeOf(fault))

/** The connection leads to nowhere, or to a server that the writes have left; and so may all that were made when it was. */
export const isMisled = (fault: unknown): boolean => codeOf(fault) === '25006' || (fault instanceof Error && fault.message === UNANSWERED)

/** A lock was not to be had in the time that was given to it. */
export const isLockTimeout = (fault: unknown): boolean => codeOf(fault) === '55P03'

export const isUndefinedTable = (fault: unknown): boolean => codeOf(fault) === '42P01'

/** A pooler gave the next transaction a server that has not prepared the statement, or has another of its name. */
export const isUnprepared = (fault: unknown): boolean => ['26000', '42P05'].includes(codeOf(fault))

/** A pooler does not take the parameter with which the connection begins. */
export const isUnsupportedParameter = (fault: unknown): boolean =>
  codeOf(fault) === '08P01' && fault instanceof Error && /startup parameter/i.test(fault.message)

export function isPassing(fault: unknown): boolean {
  if (fault instanceof AggregateError) return fault.errors.some(isPassing)
  return PASSING.some((pattern) => pattern.test(codeOf(fault))) || isSystemFault(fault) || (fault instanceof Error && LOST.test(fault.message))
}

/** What the use cases are told: an outage as `Unavailable`, any other fault as it is. */
export const told = (fault: unknown): unknown => (isPassing(fault) ? new Unavailable('database', { cause: fault }) : fault)

import { OPERATIONS, type Operation } from '../../../domain/batch.ts'
import { flawed, valid } from '../../../domain/checked.ts'
import { type Codec, chosenBy, list, map, members, oneOf, optional, text, wholeNumber } from './kit.ts'
import { decodeQuery } from './query.ts'
import { EDIT, ID, NEW_TASK } from './task.ts'

const VERSION = wholeNumber('version', 1, Number.MAX_SAFE_INTEGER)

/** An operation with nothing but its task. */
const onTask = <O extends string>(op: O) => members({ op: oneOf([op]), id: ID, ifVersion: optional(VERSION) })

const OPERATION: Codec<Operation> = chosenBy<Operation>('op', {
  create: map(members({ op: oneOf(['create'] as const), body: NEW_TASK }), ({ op, body }): Operation => ({ op, ...body })),
  patch: map(
    members({ op: oneOf(['patch'] as const), id: ID, ifVersion: optional(VERSION), body: EDIT }),
    ({ body, ...rest }): Operation => ({ ...rest, edit: body }),
  ),
  complete: onTask('complete'),
  reopen: onTask('reopen'),
  delete: onTask('delete'),
  restore: onTask('restore'),
})

const howMany = (sent: number) => (sent >= 1 && sent <= OPERATIONS ? valid(sent) : flawed(`must have 1 to ${OPERATIONS} operations`))

/** What a batch takes (BATCH-01, BATCH-04). */
export const BATCH: Codec<readonly Operation[]> = map(members({ operations: list(OPERATION, howMany) }), ({ operations }) => operations)

const PARAMETERS = members({
  dryRun: optional(text('dryRun', (raw) => (raw === 'true' || raw === 'false' ? valid(raw === 'true') : flawed('must be true or false')))),
})

/** @returns whether it is only asked what would happen. @throws {Fault} malformed-query */
export const decodeDryRun = (query: string): boolean => decodeQuery(PARAMETERS, query).dryRun === true

import { type Checked, flawed, valid } from '../../../domain/checked.ts'
import { fault } from '../problem.ts'
import { members, optional, text, withDefault } from './kit.ts'
import { decodeQuery, limitUpTo, malformed, type Parameters } from './query.ts'

const LIMIT = 1000
const USUAL = 100

/** A number of an owner's sequence, as JavaScript counts exactly. */
const number = (raw: string): Checked<number> =>
  /^(?:0|[1-9]\d{0,15})$/.test(raw) && Number.isSafeInteger(Number(raw)) ? valid(Number(raw)) : flawed('must be a whole number from 0 to 2^53 - 1')

const PARAMETERS = members({
  limit: withDefault(text('limit', limitUpTo(LIMIT)), USUAL),
  since: optional(text('since', number)),
  cursor: optional(text('cursor', valid)),
})

export interface ChangesRequest {
  readonly limit: number
  readonly since: number
  readonly cursor: string | undefined
  readonly parameters: Parameters
}

/** @throws {Fault} malformed-query (SYNC-03, SYNC-06, SYNC-09) */
export function decodeChangesRequest(query: string): ChangesRequest {
  const { since, cursor, ...rest } = decodeQuery(PARAMETERS, query)
  if (since !== undefined && cursor !== undefined) return malformed('since stands beside cursor, which says itself where the walk is')
  return { ...rest, since: since ?? 0, cursor }
}

/** Where a stream begins: after what its client has had, else after `since` (LIVE-02). @throws {Fault} malformed-query, malformed-header */
export function decodeStreamRequest(query: string, lastEventId: string | undefined): number {
  const { since, cursor } = decodeChangesRequest(query)
  if (cursor !== undefined) return malformed('a stream takes no cursor')
  if (lastEventId === undefined) return since
  const checked = number(lastEventId)
  return checked.ok ? checked.value : fault('malformed-header', { detail: `Last-Event-ID ${checked.flaw}` })
}

import { timeZone } from '../../../domain/due.ts'
import { members, text, withDefault } from './kit.ts'
import { decodeQuery } from './query.ts'

const PARAMETERS = members({ timeZone: withDefault(text('timeZone', timeZone), 'UTC') })

/** @throws {Fault} malformed-query (LIST-03) */
export const decodeSummaryRequest = (query: string): { readonly timeZone: string } => decodeQuery(PARAMETERS, query)

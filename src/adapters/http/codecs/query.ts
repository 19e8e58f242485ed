import { isLeft } from 'fp-ts/lib/Either.js'
import { type Checked, flawed, valid } from '../../../domain/checked.ts'
import { type DueBound, due, dueBound, timeZone } from '../../../domain/due.ts'
import { type Filter, type Query, SORT_FIELDS, type Sort } from '../../../domain/query.ts'
import { TAGS, tag, tagSet } from '../../../domain/tags.ts'
import { PRIORITIES, STATUSES } from '../../../domain/task.ts'
import { folded } from '../../../domain/text.ts'
import { fault } from '../problem.ts'
import { type Codec, flawsOf, map, members, oneOf, optional, text, withDefault } from './kit.ts'

const LIMIT = 100
/** Of `q`, in code points; and the words in it. */
const SEARCH_LENGTH = 200
const WORDS = 10

/** How many a page holds at most. */
export const limitUpTo =
  (most: number) =>
  (raw: string): Checked<number> =>
    /^[1-9]\d{0,3}$/.test(raw) && Number(raw) <= most ? valid(Number(raw)) : flawed(`must be a number from 1 to ${most}`)

function sort(raw: string): Checked<Sort> {
  const descending = raw.startsWith('-')
  const field = SORT_FIELDS.find((name) => name === (descending ? raw.slice(1) : raw))
  return field === undefined ? flawed(`must be one of ${SORT_FIELDS.join(', ')}, with - for descending`) : valid({ field, descending })
}

function words(raw: string): Checked<readonly string[]> {
  const found = folded(raw)
    .split(/\s+/)
    .filter((word) => word !== '')
  const isFit = [...raw].length <= SEARCH_LENGTH && found.length <= WORDS && found.length > 0
  return isFit ? valid(found) : flawed(`must have 1 to ${WORDS} words and at most ${SEARCH_LENGTH} characters`)
}

/** Separated by commas, which no tag and no word holds. */
const severally = <T>(name: string, each: (raw: string) => Checked<T>): Codec<readonly T[]> =>
  text<readonly T[]>(name, (raw) => {
    const checked = raw.split(',').map(each)
    const flaw = checked.find((one) => !one.ok)
    return flaw?.ok === false ? flaw : valid([...new Set(checked.flatMap((one) => (one.ok ? [one.value] : [])))])
  })

const among = <T extends string>(all: readonly T[]) => {
  const codec = oneOf(all)
  return (raw: string): Checked<T> => {
    const decoded = codec.decode(raw)
    return isLeft(decoded) ? flawed(`must be some of ${all.join(', ')}`) : valid(decoded.right)
  }
}

/** In an order of ours: the same filter written in another one is the same, to a cursor too (LIST-10). */
const anyOf = <T extends string>(name: string, all: readonly T[]): Codec<readonly T[]> =>
  map(severally(name, among(all)), (found) => all.filter((one) => found.includes(one)))

const PARAMETERS = members({
  limit: withDefault(text('limit', limitUpTo(LIMIT)), 20),
  cursor: optional(text('cursor', valid)),
  status: withDefault(anyOf('status', STATUSES), []),
  priority: withDefault(anyOf('priority', PRIORITIES), []),
  tag: withDefault(severally('tag', tag), []),
  dueAfter: optional(text('dueAfter', dueText)),
  dueBefore: optional(text('dueBefore', dueText)),
  timeZone: withDefault(text('timeZone', timeZone), 'UTC'),
  q: withDefault(text('q', words), []),
  sort: withDefault(text('sort', sort), { field: 'createdAt', descending: true } as const),
})

function dueText(raw: string): Checked<string> {
  const checked = due(raw)
  return checked.ok ? valid(raw) : checked
}

/** What the list is asked for, and the parameters as they came. */
export interface ListRequest {
  readonly filter: Filter
  readonly sort: Sort
  readonly limit: Query['limit']
  readonly cursor: string | undefined
  readonly parameters: Parameters
}

export type Parameters = ReadonlyMap<string, string>

/** @throws {Fault} malformed-query (LIST-03) */
export function decodeListRequest(query: string): ListRequest {
  const { tag: tags, status, priority, dueAfter, dueBefore, timeZone: zone, q, ...rest } = decodeQuery(PARAMETERS, query)
  if (tags.length > TAGS) return malformed(`tag has at most ${TAGS} tags`)
  const bounds = { dueAfter: boundOf('dueAfter', dueAfter, zone), dueBefore: boundOf('dueBefore', dueBefore, zone) }
  return { ...rest, filter: { statuses: status, priorities: priority, tags: tagSet(tags), ...bounds, words: q } }
}

function boundOf(name: string, raw: string | undefined, zone: string): DueBound | undefined {
  if (raw === undefined) return undefined
  const checked = dueBound(raw, zone)
  return checked.ok ? checked.value : malformed(`${name} ${checked.flaw}`)
}

const PAGE = members({ limit: withDefault(text('limit', limitUpTo(LIMIT)), 20), cursor: optional(text('cursor', valid)) })

/** What a list without filter and sort is asked for. @throws {Fault} malformed-query (LIST-03) */
export const decodePageRequest = (query: string): Pick<ListRequest, 'limit' | 'cursor' | 'parameters'> => decodeQuery(PAGE, query)

/** What a query says by its codec, and the parameters as they came. @throws {Fault} malformed-query */
export function decodeQuery<T>(codec: Codec<T>, query: string): T & { readonly parameters: Parameters } {
  const parameters = parametersOf(query)
  const decoded = codec.decode(Object.fromEntries(parameters))
  if (isLeft(decoded)) {
    const [flaw] = flawsOf(decoded.left)
    return malformed(`${flaw?.pointer.slice(1, 50)} ${flaw?.message}`)
  }
  return { ...decoded.right, parameters }
}

export const malformed = (detail: string): never => fault('malformed-query', { detail })

/** Names and values, each once. As forms write them: `+` is a space. @throws {Fault} malformed-query */
function parametersOf(query: string): Parameters {
  const found = new Map<string, string>()
  for (const part of query === '' ? [] : query.split('&')) {
    const equals = part.indexOf('=')
    const name = decoded(equals < 0 ? part : part.slice(0, equals))
    const value = equals < 0 ? '' : decoded(part.slice(equals + 1))
    if (found.has(name)) return malformed('a parameter stands twice')
    // An empty cursor is one that was never given out (LIST-10).
    if (value === '' && name !== 'cursor') return malformed('a parameter has no value')
    found.set(name, value)
  }
  return found
}

function decoded(raw: string): string {
  try {
    const value = decodeURIComponent(raw.replaceAll('+', ' '))
    return value.includes('\0') ? malformed('the query holds the character NUL') : value
  } catch (error) {
    if (error instanceof URIError) return malformed('the percent-encoding of the query is broken, or is not of UTF-8')
    throw error
  }
}

/** Every route but the list takes no parameter. @throws {Fault} malformed-query */
export function noQuery(query: string): void {
  if (query !== '') malformed('this route takes no parameter')
}

import type { Stored } from '../../domain/task.ts'
import type { Context } from './context.ts'
import { fault } from './problem.ts'

/** Strong: made of the owner's sequence number of the change that made the task so (COND-01). */
export const etagOf = (seq: number): string => `"${seq}"`

/** What a request holds against a task's tag: anything that is there, or some tags, weak ones with their `W/`. */
type Tags = '*' | readonly string[]

/** RFC 9110 section 8.8.3: an entity tag in a list, whose elements may be empty (section 5.6.1). */
const ELEMENT = /[ \t]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")?[ \t]*(,|$)/y

/** @throws {Fault} malformed-header */
export function tagsOf(name: string, value: string | undefined): Tags | undefined {
  if (value === undefined) return undefined
  if (value === '*') return value
  const tags: string[] = []
  ELEMENT.lastIndex = 0
  for (let separator = ','; separator === ','; ) {
    const [, tag, next] = ELEMENT.exec(value) ?? malformed(name)
    if (tag !== undefined) tags.push(tag)
    separator = next ?? ''
  }
  return tags.length === 0 ? malformed(name) : tags
}

const malformed = (name: string): never => fault('malformed-header', { detail: `${name} is * or a list of entity tags in quotes` })

/** Strong comparison: a weak tag is never the same (RFC 9110 section 8.8.3.2). */
const isStrongly = (tags: Tags, etag: string): boolean => tags === '*' || tags.includes(etag)

const isWeakly = (tags: Tags, etag: string): boolean => tags === '*' || tags.some((tag) => tag === etag || tag === `W/${etag}`)

/**
 * Whether the task is as a write expects it, in the order of RFC 9110 section 13.2.2.
 * @throws {Fault} malformed-header; precondition-required where the server wants `If-Match` (COND-07)
 */
export function isAsExpected({ req: { headers } }: Context, requireIfMatch: boolean, { task, seq }: Stored): boolean {
  const match = tagsOf('If-Match', headers['if-match'])
  const noneMatch = tagsOf('If-None-Match', headers['if-none-match'])
  if (match === undefined && requireIfMatch) fault('precondition-required')
  const etag = etagOf(seq)
  const isExpected = match === undefined ? !isChangedSince(headers['if-unmodified-since'], task.updatedAt) : isStrongly(match, etag)
  return isExpected && (noneMatch === undefined || !isWeakly(noneMatch, etag))
}

/** Seconds are all that an HTTP date has; one that cannot be read is as if it were not there (RFC 9110 section 13.1.4). */
function isChangedSince(date: string | undefined, updatedAt: string): boolean {
  const since = date === undefined || !HTTP_DATES.some((form) => form.test(date)) ? Number.NaN : Date.parse(date.endsWith('GMT') ? date : `${date} GMT`)
  return Math.floor(Date.parse(updatedAt) / 1000) * 1000 > since
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const TIME = String.raw`\d\d:\d\d:\d\d`
/** RFC 9110 section 5.6.7: the form that is written today and the two older ones, of which the last names no zone. */
const HTTP_DATES = [
  new RegExp(String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d ${MONTH} \d{4} ${TIME} GMT$`),
  new RegExp(String.raw`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d\d-${MONTH}-\d\d ${TIME} GMT$`),
  new RegExp(String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} [ \d]\d ${TIME} \d{4}$`),
]

/** Whether a read need not be sent again (COND-04). @throws {Fault} malformed-header */
export function isNotModified({ req: { headers } }: Context, etag: string): boolean {
  const tags = tagsOf('If-None-Match', headers['if-none-match'])
  return tags !== undefined && isWeakly(tags, etag)
}

import { type Checked, flawed, valid } from './checked.ts'

/**
 * When a task is due, in its one canonical form (RFC 9557): a day `2026-11-30`, or a moment with seconds and offset,
 * a fraction only where it has one, its zone in brackets where it has one: `2026-11-30T09:00:00+05:00[Asia/Karachi]`.
 */
export type Due = string & { readonly due: unique symbol }

const DAY = String.raw`\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?`
const OFFSET = String.raw`(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)`
const ZONE = String.raw`\[[A-Za-z_][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*\]`

/** The shape alone, as the OpenAPI document tells it; whether the day exists and the zone has the offset is checked beyond it. */
export const DUE_PATTERN = `^${DAY}(?:T${TIME}${OFFSET}(?:${ZONE})?)?$`

const SHAPE = new RegExp(DUE_PATTERN)
const CANONICAL = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)(?:\[[^\]]+\])?)?$/

export const isDue = (text: string): text is Due => CANONICAL.test(text)

const isDay = (due: string): boolean => due.length === 10

export function due(raw: string): Checked<Due> {
  if (raw.length > 100 || !SHAPE.test(raw) || raw.startsWith('0000')) return flawed(EXPECTED)
  try {
    const text = isDay(raw) ? Temporal.PlainDate.from(raw).toString() : raw.endsWith(']') ? zoned(raw) : withOffset(raw)
    return isDue(text) && !text.startsWith('0000') ? valid(text) : flawed('must lie in the years 0001 to 9999')
  } catch {
    return flawed('names a day, a zone, or an offset in that zone, that does not exist')
  }
}

const EXPECTED = 'must be a day (2026-11-30) or a moment with its offset (2026-11-30T09:00:00+05:00) in the years 0001 to 9999'

const zoned = (raw: string): string => Temporal.ZonedDateTime.from(raw, { offset: 'reject' }).toString()

function withOffset(raw: string): string {
  const [, local = '', offset = ''] = /^(.*?)(Z|[+-]\d\d:\d\d)$/.exec(raw) ?? []
  const isUtc = offset === 'Z' || offset.endsWith('00:00')
  return Temporal.PlainDateTime.from(local).toString() + (isUtc ? 'Z' : offset)
}

/**
 * Where a due date stands in order, in milliseconds since 1970: a moment as it is, a day at 23:59:59.999 of that day in UTC (LIST-06).
 */
export function dueOrder(due: Due): number {
  if (isDay(due)) return Date.parse(`${due}T23:59:59.999Z`)
  const plain = due.indexOf('[') < 0
  return plain ? Date.parse(due) : Temporal.ZonedDateTime.from(due, { offset: 'prefer' }).epochMilliseconds
}

/**
 * One end of a due filter: moments are held against `at`, days against `day`. Day D ends at 23:59:59.999 in the filter's zone,
 * which is at or after a moment exactly when D is not before the day on which that moment falls there (LIST-07).
 */
export interface DueBound {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly day: string
}

/** @param raw a day, which means its beginning in `timeZone`, or a moment. */
export function dueBound(raw: string, timeZone: string): Checked<DueBound> {
  const checked = due(raw)
  if (!checked.ok) return checked
  try {
    if (isDay(checked.value)) return valid({ at: Temporal.PlainDate.from(checked.value).toZonedDateTime(timeZone).epochMilliseconds, day: checked.value })
    const at = dueOrder(checked.value)
    return valid({ at, day: Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate().toString() })
  } catch {
    return flawed('does not exist in that time zone')
  }
}

/** An IANA name in its own letter case, such as `Asia/Karachi`. */
export function timeZone(raw: string): Checked<string> {
  try {
    if (!/^[A-Za-z_]/.test(raw)) return flawed(UNKNOWN_ZONE)
    return valid(new Intl.DateTimeFormat('en', { timeZone: raw }).resolvedOptions().timeZone)
  } catch {
    return flawed(UNKNOWN_ZONE)
  }
}

const UNKNOWN_ZONE = 'must be the name of an IANA time zone such as Asia/Karachi'

/** Whether a due date lies from `after` on and up to, not with, `before`. */
export function isDueWithin(due: Due, after: DueBound | undefined, before: DueBound | undefined): boolean {
  const reaches = (bound: DueBound): boolean => (isDay(due) ? due >= bound.day : dueOrder(due) >= bound.at)
  return (after === undefined || reaches(after)) && (before === undefined || !reaches(before))
}

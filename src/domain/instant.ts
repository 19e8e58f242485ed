/** A moment as RFC 3339 prints it in UTC with milliseconds, `2026-11-30T09:00:00.000Z`: sorts as text, prints as it is. */
export type Instant = string & { readonly instant: unique symbol }

const PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

export const isInstant = (text: string): text is Instant => PATTERN.test(text)

/** @param ms milliseconds since 1970 within the years 0001 to 9999; outside them the nearest moment within. */
export function instantAt(ms: number): Instant {
  const text = new Date(Math.min(Math.max(ms, EARLIEST), LATEST)).toISOString()
  return isInstant(text) ? text : instantAt(0)
}

export const millisecondsOf = (instant: Instant): number => Date.parse(instant)

const EARLIEST = Date.parse('0001-01-01T00:00:00.000Z')
const LATEST = Date.parse('9999-12-31T23:59:59.999Z')

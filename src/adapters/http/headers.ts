/** What every answer carries, those of the HTTP parser's own faults included (HTTP-22). */
export const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
} as const

/** Nothing may be kept; where there is an `ETag`, the client may keep it and asks before it uses it again. */
export const NO_STORE = 'no-store'
export const PRIVATE = 'private, no-cache'

export const JSON_TYPE = 'application/json; charset=utf-8'
export const HTML_TYPE = 'text/html; charset=utf-8'
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** What a `PATCH` may bring (RFC 5789 section 3.1). */
export const ACCEPT_PATCH = 'application/merge-patch+json, application/json'

/**
 * Headers that may stand once (HTTP-11). Node keeps the first of two and drops the other in silence, and a proxy in front may have
 * kept the other one, so two are refused. Lists, which RFC 9110 lets stand in several lines, are not here.
 */
export const SINGLE: ReadonlySet<string> = new Set([
  'access-control-request-method',
  'authorization',
  'content-length',
  'content-type',
  'date',
  'from',
  'host',
  'idempotency-key',
  'if-modified-since',
  'if-range',
  'if-unmodified-since',
  'last-event-id',
  'max-forwards',
  'origin',
  'proxy-authorization',
  'range',
  'referer',
  'user-agent',
])

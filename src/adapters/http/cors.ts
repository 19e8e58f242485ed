import type { Context } from './context.ts'

const EXPOSED = ['ETag', 'Location', 'Link', 'Allow', 'Accept-Patch', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'Taskward-Seq', 'X-Request-Id'].join(', ')
const ALLOWED = ['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'Idempotency-Key', 'Last-Event-ID'].join(', ')
/** How long a browser may remember a preflight, in seconds. */
const MAX_AGE = '7200'

export interface Cors {
  /** For every answer, problems included (CORS-01). */
  share(ctx: Context): void
  /** For the answer to OPTIONS (CORS-02). */
  preflight(ctx: Context, allow: string): void
}

/** @param origins exactly as browsers send them; any other origin is served without a header of CORS (CORS-03) */
export function createCors(origins: readonly string[]): Cors {
  const listed = new Set(origins)
  const isListed = (ctx: Context): boolean => listed.has(ctx.req.headers.origin ?? '')
  return {
    share(ctx) {
      if (listed.size === 0) return
      ctx.set('Vary', 'Origin')
      if (isListed(ctx)) ctx.set({ 'Access-Control-Allow-Origin': ctx.req.headers.origin ?? '', 'Access-Control-Expose-Headers': EXPOSED })
    },
    preflight(ctx, allow) {
      if (!isListed(ctx) || ctx.req.headers['access-control-request-method'] === undefined) return
      ctx.set({ 'Access-Control-Allow-Methods': allow, 'Access-Control-Allow-Headers': ALLOWED, 'Access-Control-Max-Age': MAX_AGE })
    },
  }
}

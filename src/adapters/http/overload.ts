import type { Next } from 'koa'
import type { Context } from './context.ts'
import { fault } from './problem.ts'
import type { Route } from './routes/route.ts'

/**
 * Refuses what is beyond `limit` requests at once (RATE-06). Routes without a token (health, documents, metrics) are neither refused nor
 * counted; they are told by their first words, as which route it is comes only later in the order of the checks.
 */
export function limitInFlight(limit: number, routes: readonly Route[]) {
  const free = [...new Set(routes.filter(({ needs }) => needs === undefined).map(({ path }) => path.split('/:', 1)[0] ?? path))]
  const isFree = (path: string): boolean => free.some((one) => path === one || path.startsWith(`${one}/`))
  let inFlight = 0

  const admit = async (ctx: Context, next: Next): Promise<void> => {
    if (isFree(ctx.path)) return next()
    if (inFlight >= limit) return fault('temporary-reduced-capacity', { headers: { 'Retry-After': '1' } })
    inFlight++
    try {
      await next()
    } finally {
      inFlight--
    }
  }
  return { admit, inFlight: () => inFlight }
}

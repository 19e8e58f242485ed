import type { Next } from 'koa'
import type { Context } from './context.ts'
import { Fault } from './problem.ts'
import type { Route } from './routes/route.ts'

const TOO_MANY = new Fault({ slug: 'temporary-reduced-capacity', headers: { 'Retry-After': '1' } })

/** Refusals that go out at once in so many milliseconds (OPS-12). */
const AT_ONCE = 20
const WINDOW = 100
/** Milliseconds for which about those beyond are held back: with more than so many held at once it is longer, so that not more go out in a second. */
const HOLDING = 1_000
const HELD = 1_000
const HOLDING_AT_MOST = 3_000

/**
 * Refuses what is beyond `limit` requests at once (RATE-06). Routes without a token (health, documents, metrics) are neither refused nor
 * counted; they are told by their first words, as which route it is comes only later in the order of the checks.
 */
export function limitInFlight(limit: number, routes: readonly Route[]) {
  const free = [...new Set(routes.filter(({ needs }) => needs === undefined).map(({ path }) => path.split('/:', 1)[0] ?? path))]
  const isFree = (path: string): boolean => free.some((one) => path === one || path.startsWith(`${one}/`))
  const settle = holdBack()
  let inFlight = 0

  const admit = async (ctx: Context, next: Next): Promise<void> => {
    if (isFree(ctx.path)) return next()
    if (inFlight >= limit) {
      await settle()
      throw TOO_MANY
    }
    inFlight++
    try {
      await next()
    } finally {
      inFlight--
    }
  }
  return { admit, inFlight: () => inFlight }
}

/** Who asks again as soon as it is refused would take the time that those need who were let in: where such are many, they wait, each for another while. */
function holdBack(): () => Promise<void> | undefined {
  let [since, refused, held] = [Number.NEGATIVE_INFINITY, 0, 0]
  return () => {
    const now = performance.now()
    if (now - since >= WINDOW) [since, refused] = [now, 0]
    if (++refused <= AT_ONCE) return undefined
    held++
    const holding = Math.min(HOLDING * Math.max(1, held / HELD), HOLDING_AT_MOST)
    return new Promise((resolve) => setTimeout(resolve, holding * (0.5 + Math.random()))).then(() => void held--)
  }
}

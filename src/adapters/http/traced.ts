import type { Next } from 'koa'
import type { Tracing } from '../../application/tracing.ts'
import type { Context } from './context.ts'
import { patternOf } from './exchange.ts'

/** The whole request as a span, around everything else (TRACE-01). */
export const traced =
  (tracing: Tracing) =>
  (ctx: Context, next: Next): Promise<void> =>
    tracing.request(ctx.method, ctx.req.headers, async (trace) => {
      ctx.state.trace = trace
      await next()
      return { status: ctx.status, route: patternOf(ctx) }
    })

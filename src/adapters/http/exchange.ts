import { randomUUID } from 'node:crypto'
import type { Next } from 'koa'
import type { AnsweredRequest, Tell } from '../../application/observation.ts'
import { answerThrown } from './answer.ts'
import type { Arrival } from './arrival.ts'
import type { Context } from './context.ts'
import type { Cors } from './cors.ts'
import { sendEarly } from './draining.ts'
import { checkFraming } from './framing.ts'
import { NO_STORE, SECURITY_HEADERS } from './headers.ts'
import { traceIn } from './trace-parent.ts'
import { Unsent } from './unsent.ts'

/** What surrounds every request: its id and headers, its framing, the answer to what it ended with, and one line about it (LOG-01). */
export function exchange(cors: Cors, tell: Tell, isStopping: () => boolean) {
  const unsent = new Unsent()
  return async (ctx: Context, next: Next): Promise<void> => {
    const { at: began = performance.now() }: Arrival = ctx.req
    begin(ctx, cors)
    try {
      ctx.url = checkFraming(ctx.req)
      await next()
      unsent.hold(ctx)
    } catch (thrown) {
      // What the parser could not read to its end has had its answer, and its line.
      if (ctx.headerSent) {
        ctx.respond = false
        return
      }
      answerThrown(ctx, thrown, tell)
    }
    if (isStopping()) ctx.res.shouldKeepAlive = false
    if (!ctx.req.complete) answerEarly(ctx)
    tell({ kind: 'answered', request: observed(ctx, performance.now() - began) })
  }
}

function begin(ctx: Context, cors: Cors): void {
  ctx.state.id = randomUUID()
  ctx.state.trace ??= traceIn(ctx.req.headers['traceparent'])
  ctx.set('X-Request-Id', ctx.state.id)
  ctx.set('Cache-Control', NO_STORE)
  ctx.set(SECURITY_HEADERS)
  cors.share(ctx)
  // What came with a request for an upgrade, and after it, the parser has left unread (HTTP-31).
  if (ctx.req.headers.upgrade !== undefined) ctx.res.shouldKeepAlive = false
}

function answerEarly(ctx: Context): void {
  ctx.respond = false
  const { body } = ctx
  const isWhole = typeof body === 'string' || Buffer.isBuffer(body)
  sendEarly(ctx.req, ctx.res, isWhole && ctx.method !== 'HEAD' ? body : undefined)
}

const observed = (ctx: Context, milliseconds: number): AnsweredRequest => ({
  id: ctx.state.id,
  method: ctx.method,
  route: patternOf(ctx),
  status: ctx.status,
  milliseconds,
  owner: ctx.state.who?.pseudonym,
  problem: ctx.state.problem,
  reason: ctx.state.reason,
  trace: ctx.state.trace,
})

/** Of the route that matched. */
export const patternOf = (ctx: Context): string | undefined => (typeof ctx._matchedRoute === 'string' ? ctx._matchedRoute : undefined)

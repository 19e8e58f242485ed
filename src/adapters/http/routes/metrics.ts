import { createHash, timingSafeEqual } from 'node:crypto'
import { bearerIn, invalidToken, missingToken } from '../authenticate.ts'
import type { Limits } from '../limits.ts'
import { acceptable, type Route } from './route.ts'

/** The text format of Prometheus, version 0.0.4. */
const TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** @param print all figures as they are now */
export function metricsRoutes(token: string, print: () => Promise<string>, limits: Limits): readonly Route[] {
  const isToken = (given: string): boolean => timingSafeEqual(digest(given), digest(token))
  return [
    /** Figures for whoever runs the server. The server's own `METRICS_TOKEN`; a request without it counts for its address. Not in flight. DOC-06, RATE-02. */
    {
      method: 'GET',
      path: '/api/metrics',
      needs: undefined,
      async handle(ctx) {
        await limits.admit(ctx)
        const given = bearerIn(ctx.req.headers.authorization)
        if (given === undefined || !isToken(given)) {
          await limits.countStranger(ctx)
          return given === undefined ? missingToken() : invalidToken()
        }
        acceptable(ctx, TYPE)
        ctx.set('Content-Type', TYPE)
        ctx.body = await print()
      },
    },
  ]
}

/** Of one length, so that the time it takes tells nothing of the token's. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

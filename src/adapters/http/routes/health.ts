import type { Context } from '../context.ts'
import { JSON_TYPE } from '../headers.ts'
import { fault } from '../problem.ts'
import { acceptable, type Route } from './route.ts'

/** @param isReady whether the server can do its work: its database answers, and nobody has asked it to stop */
export function healthRoutes(isReady: () => Promise<boolean>): readonly Route[] {
  return [
    /** Whether the process serves. No token, not counted, not in flight. DOC-04, RATE-04. */
    { method: 'GET', path: '/api/health/live', needs: undefined, handle: async (ctx) => sayOk(ctx) },

    /** Whether it can do its work. No token, not counted, not in flight. DOC-04, RATE-04. */
    {
      method: 'GET',
      path: '/api/health/ready',
      needs: undefined,
      async handle(ctx) {
        acceptable(ctx, JSON_TYPE)
        if (!(await isReady())) fault('service-unavailable', { headers: { 'Retry-After': '1' } })
        sayOk(ctx)
      },
    },
  ]
}

function sayOk(ctx: Context): void {
  acceptable(ctx, JSON_TYPE)
  ctx.set('Content-Type', JSON_TYPE)
  ctx.body = '{"status":"ok"}'
}

import type { Ports } from '../../../application/ports.ts'
import { readSummary } from '../../../application/summary.ts'
import { traced } from '../../../application/tracing.ts'
import { decodeSummaryRequest } from '../codecs/summary.ts'
import { JSON_TYPE } from '../headers.ts'
import { acceptable, type Route } from './route.ts'

export function summaryRoutes(ports: Ports): readonly Route[] {
  const read = traced(ports, readSummary)

  return [
    /** What the owner's tasks come to. A token with `tasks:read`. SUM-01 to SUM-09. */
    {
      method: 'GET',
      path: '/api/tasks/summary',
      needs: 'tasks:read',
      async handle(ctx, principal) {
        const { timeZone } = decodeSummaryRequest(ctx.querystring)
        acceptable(ctx, JSON_TYPE)
        const summary = await read(principal, timeZone)
        ctx.set('Content-Type', JSON_TYPE)
        ctx.body = summary
      },
    },
  ]
}

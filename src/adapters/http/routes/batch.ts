import { type BatchOutcome, type Result, runBatch } from '../../../application/batch.ts'
import type { Outcome, Ports } from '../../../application/ports.ts'
import type { Principal } from '../../../application/principal.ts'
import { traced } from '../../../application/tracing.ts'
import type { Operation } from '../../../domain/batch.ts'
import { BATCH_LIMIT, bytesOf, readBody } from '../body.ts'
import { BATCH, decodeDryRun } from '../codecs/batch.ts'
import { decodeBody } from '../codecs/task.ts'
import type { Context } from '../context.ts'
import { JSON_TYPE } from '../headers.ts'
import { keyOf, onceOf } from '../idempotency.ts'
import type { Limits } from '../limits.ts'
import { acceptable, type Route } from './route.ts'

const JSON_ALONE = ['application/json']

export function batchRoutes(ports: Ports, requireIfMatch: boolean, limits: Limits): readonly Route[] {
  const run = traced(ports, runBatch)

  return [
    /** Several operations, all or none. A token with `tasks:write`; without `tasks:read` the results have no task. BATCH-01 to BATCH-12, IDEM-01. */
    {
      method: 'POST',
      path: '/api/batch',
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const dryRun = dryRunOf(ctx, principal)
        acceptable(ctx, JSON_TYPE)
        const key = keyOf(ctx)
        const bytes = bytesOf(await readBody(ctx, JSON_ALONE, BATCH_LIMIT))
        let operations: readonly Operation[] = []
        const asked = (): readonly Operation[] => {
          operations = decodeBody(BATCH, bytes)
          return operations
        }
        try {
          const once = key === undefined || dryRun ? undefined : onceOf(ctx, key, bytes)
          const outcome = await run(principal, asked, { once, dryRun, requiresVersion: requireIfMatch })
          ctx.set('Content-Type', JSON_TYPE)
          ctx.body = printOutcome(outcome, principal.reads)
        } finally {
          // The request itself was counted when it was let in.
          if (operations.length > 1) await limits.takeOff(ctx, principal.subject, operations.length - 1)
        }
      },
    },
  ]
}

/** Permission comes before the query, whatever else is wrong with that (HTTP-30). */
function dryRunOf(ctx: Context, principal: Principal): boolean {
  if (/(?:^|&)dryRun=true(?:&|$)/.test(ctx.querystring)) principal.mayRead()
  const dryRun = decodeDryRun(ctx.querystring)
  if (dryRun) principal.mayRead()
  return dryRun
}

const STATUSES = { created: 201, changed: 200, discarded: 204 } as const satisfies Record<Outcome['kind'], number>

/** A purge leaves of what is kept what a token that may not read gets (BATCH-10). */
function printOutcome({ results }: BatchOutcome, reads: boolean): string {
  const isShown = reads && results.every(({ kind, json }) => kind === 'discarded' || json !== null)
  const print = ({ kind, json }: Result): string => `{"status":${STATUSES[kind]}${isShown ? `,"task":${json ?? 'null'}` : ''}}`
  return `{"results":[${results.map(print).join(',')}]}`
}

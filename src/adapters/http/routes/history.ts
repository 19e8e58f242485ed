import { readHistory, revertTask } from '../../../application/history.ts'
import type { Ports } from '../../../application/ports.ts'
import { traced } from '../../../application/tracing.ts'
import { bytesOf } from '../body.ts'
import { REVERSION } from '../codecs/history.ts'
import { decodePageRequest } from '../codecs/query.ts'
import { decodeBody } from '../codecs/task.ts'
import { JSON_TYPE } from '../headers.ts'
import { answerOf, send, sendPage } from '../outcome.ts'
import { PAGE_BYTES, type Seal } from '../paging.ts'
import { acceptable, type Route } from './route.ts'
import { heldBack, idOf, receive, termsOf } from './writing.ts'

/** @param seal what the cursors are made with */
export function historyRoutes(ports: Ports, seal: Seal, requireIfMatch: boolean): readonly Route[] {
  const read = traced(ports, readHistory)
  const revert = traced(ports, revertTask)

  return [
    /** One page of what was done to a task, in the trash too. A token with `tasks:read`. HIST-01 to HIST-08, OWN-02. */
    {
      method: 'GET',
      path: '/api/tasks/:id/changes',
      needs: 'tasks:read',
      async handle(ctx, principal) {
        const { limit, cursor, parameters } = decodePageRequest(ctx.querystring)
        // As it stands in the path: a cursor for something else is none, whether there is such a task or not.
        const task = (ctx.params['id'] ?? '').toLowerCase()
        const serves = `history ${task}`
        const before = cursor === undefined ? undefined : Number(seal.open(principal, serves, cursor))
        acceptable(ctx, JSON_TYPE)
        const page = await read(principal, idOf(ctx), { limit, bytes: PAGE_BYTES, before })
        const next = page.next === undefined ? undefined : seal.seal(principal, serves, String(page.next))
        sendPage(ctx, `/api/tasks/${task}/changes`, parameters, page.items, next)
      },
    },

    /** Back to an earlier version. A token with `tasks:write`; without `tasks:read` the answer is 204. REV-01 to REV-07, COND-02, IDEM-01, OWN-02. */
    {
      method: 'POST',
      path: '/api/tasks/:id/reversion',
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const write = await receive(ctx, principal, ['application/json'])
        const version = heldBack(() => decodeBody(REVERSION, bytesOf(write.body)))
        const outcome = await revert(principal, idOf(ctx), version, termsOf(ctx, write, requireIfMatch))
        send(ctx, answerOf(outcome, principal.reads))
      },
    },
  ]
}

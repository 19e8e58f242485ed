import type { Ports } from '../../../application/ports.ts'
import { traced } from '../../../application/tracing.ts'
import { browseTrash, emptyTrash, purgeTask, restoreTask } from '../../../application/trash.ts'
import { bytesOf } from '../body.ts'
import { decodePageRequest } from '../codecs/query.ts'
import { JSON_TYPE } from '../headers.ts'
import { answerOf, send, sendPage } from '../outcome.ts'
import type { Seal } from '../paging.ts'
import { acceptable, type Route } from './route.ts'
import { idOf, receive, termsOf } from './writing.ts'

const COLLECTION = '/api/trash'

/** @param seal what the cursors are made with */
export function trashRoutes(ports: Ports, seal: Seal): readonly Route[] {
  const browse = traced(ports, browseTrash)
  const restore = traced(ports, restoreTask)
  const purge = traced(ports, purgeTask)
  const empty = traced(ports, emptyTrash)

  return [
    /** One page of what was deleted. A token with `tasks:read`. TRASH-01 to TRASH-03. */
    {
      method: 'GET',
      path: COLLECTION,
      needs: 'tasks:read',
      async handle(ctx, principal) {
        const { limit, cursor, parameters } = decodePageRequest(ctx.querystring)
        const from = cursor === undefined ? undefined : Number(seal.open(principal, 'trash', cursor))
        acceptable(ctx, JSON_TYPE)
        const page = await browse(principal, { limit, from })
        const next = page.next === undefined ? undefined : seal.seal(principal, 'trash', String(page.next))
        sendPage(ctx, COLLECTION, parameters, page.items, next)
      },
    },

    /** Out of the trash. A token with `tasks:write`; without `tasks:read` the answer is 204. TRASH-04 to TRASH-06, COND-02, IDEM-01, OWN-02. */
    {
      method: 'POST',
      path: `${COLLECTION}/:id/restoration`,
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const write = await receive(ctx, principal, undefined)
        send(ctx, answerOf(await restore(principal, idOf(ctx), termsOf(ctx, write, false)), principal.reads))
      },
    },

    /** One task gone for good. A token with `tasks:write`. TRASH-07 to TRASH-09, COND-02, IDEM-01, OWN-02. */
    {
      method: 'DELETE',
      path: `${COLLECTION}/:id`,
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const write = await receive(ctx, principal, undefined, false)
        send(ctx, answerOf(await purge(principal, idOf(ctx), termsOf(ctx, write, false)), principal.reads))
      },
    },

    /** All of it gone for good. A token with `tasks:write`. TRASH-10 to TRASH-12, IDEM-01. */
    {
      method: 'DELETE',
      path: COLLECTION,
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const { once, body } = await receive(ctx, principal, undefined, false)
        bytesOf(body)
        send(ctx, answerOf(await empty(principal, once), principal.reads))
      },
    },
  ]
}

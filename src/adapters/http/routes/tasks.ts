import { browseTasks, readTask } from '../../../application/browsing.ts'
import { createTask } from '../../../application/creation.ts'
import { patchTask, replaceTask } from '../../../application/editing.ts'
import type { Ports } from '../../../application/ports.ts'
import type { Principal } from '../../../application/principal.ts'
import { remembering } from '../../../application/recent.ts'
import { traced } from '../../../application/tracing.ts'
import { discardTask } from '../../../application/trash.ts'
import type { Position } from '../../../domain/query.ts'
import { bytesOf } from '../body.ts'
import { decodeListRequest, type ListRequest, noQuery } from '../codecs/query.ts'
import { DRAFT, decodeBody, EDIT, NEW_TASK } from '../codecs/task.ts'
import { JSON_TYPE } from '../headers.ts'
import { answerOf, send, sendPage, sendUnlessKnown } from '../outcome.ts'
import type { Cursors } from '../paging.ts'
import { etagOf } from '../precondition.ts'
import { acceptable, type Route } from './route.ts'
import { idOf, receive, termsOf } from './writing.ts'

const COLLECTION = '/api/tasks'
const ITEM = '/api/tasks/:id'

/** So many different queries of lists are remembered as read. */
const QUERIES = 1_000

const JSON_ALONE = ['application/json']
const PATCH_TYPES = ['application/merge-patch+json', 'application/json']

export function taskRoutes(ports: Ports, cursors: Cursors, requireIfMatch: boolean): readonly Route[] {
  const browse = traced(ports, browseTasks)
  const read = traced(ports, readTask)
  const create = traced(ports, createTask)
  const replace = traced(ports, replaceTask)
  const patch = traced(ports, patchTask)
  const discard = traced(ports, discardTask)
  const decode = remembering(decodeListRequest, QUERIES)

  // A store that tells a page again gives the same end of it, and whoever asks for it in the same words is given the same cursor.
  const sealed = new WeakMap<Position, { readonly asked: ListRequest; readonly principal: Principal; readonly cursor: string }>()
  const nextOf = (asked: ListRequest, principal: Principal, next: Position | undefined): string | undefined => {
    if (next === undefined) return undefined
    const before = sealed.get(next)
    if (before?.asked === asked && before.principal === principal) return before.cursor
    const cursor = cursors.seal(principal, asked, next)
    sealed.set(next, { asked, principal, cursor })
    return cursor
  }

  return [
    /** One page. A token with `tasks:read`. LIST-01 to LIST-11. */
    {
      method: 'GET',
      path: COLLECTION,
      needs: 'tasks:read',
      async handle(ctx, principal) {
        const asked = decode(ctx.querystring)
        const { filter, sort, limit, cursor } = asked
        const from = cursor === undefined ? undefined : cursors.open(principal, asked, cursor)
        acceptable(ctx, JSON_TYPE)
        const page = await browse(principal, { filter, sort, limit, from })
        ctx.set('Taskward-Seq', String(page.seq))
        sendPage(ctx, COLLECTION, asked.parameters, page.items, nextOf(asked, principal, page.next))
      },
    },

    /** A new task. A token with `tasks:write`; without `tasks:read` the answer has no body. TASK-02, TASK-03, TASK-15 to TASK-19, IDEM-01. */
    {
      method: 'POST',
      path: COLLECTION,
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const { once, body } = await receive(ctx, principal, JSON_ALONE)
        const bytes = bytesOf(body)
        send(ctx, answerOf(await create(principal, () => decodeBody(NEW_TASK, bytes), once), principal.reads))
      },
    },

    /** One task. A token with `tasks:read`. TASK-01, COND-01, COND-04, OWN-02. */
    {
      method: 'GET',
      path: ITEM,
      needs: 'tasks:read',
      async handle(ctx, principal) {
        noQuery(ctx.querystring)
        acceptable(ctx, JSON_TYPE)
        const { json, seq } = await read(principal, idOf(ctx))
        sendUnlessKnown(ctx, etagOf(seq), JSON_TYPE, json)
      },
    },

    /** Every writable field anew. A token with `tasks:write`; without `tasks:read` the answer is 204. TASK-12, COND-02, COND-05, IDEM-01, OWN-02. */
    {
      method: 'PUT',
      path: ITEM,
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const write = await receive(ctx, principal, JSON_ALONE)
        const outcome = await replace(principal, idOf(ctx), () => decodeBody(DRAFT, bytesOf(write.body)), termsOf(ctx, write, requireIfMatch))
        send(ctx, answerOf(outcome, principal.reads))
      },
    },

    /** Some fields. A token with `tasks:write`; without `tasks:read` the answer is 204. TASK-13, TASK-14, COND-02, IDEM-01, OWN-02. */
    {
      method: 'PATCH',
      path: ITEM,
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const write = await receive(ctx, principal, PATCH_TYPES)
        const outcome = await patch(principal, idOf(ctx), () => decodeBody(EDIT, bytesOf(write.body)), termsOf(ctx, write, requireIfMatch))
        send(ctx, answerOf(outcome, principal.reads))
      },
    },

    /** Into the trash. A token with `tasks:write`. TASK-22, COND-02, IDEM-01, OWN-02. */
    {
      method: 'DELETE',
      path: ITEM,
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const write = await receive(ctx, principal, undefined, false)
        send(ctx, answerOf(await discard(principal, idOf(ctx), termsOf(ctx, write, requireIfMatch)), principal.reads))
      },
    },
  ]
}

import { completeTask, reopenTask } from '../../../application/completion.ts'
import type { Ports } from '../../../application/ports.ts'
import { traced } from '../../../application/tracing.ts'
import { answerOf, send } from '../outcome.ts'
import type { Route } from './route.ts'
import { idOf, receive, termsOf } from './writing.ts'

const COMPLETION = '/api/tasks/:id/completion'

export function completionRoutes(ports: Ports, requireIfMatch: boolean): readonly Route[] {
  const complete = traced(ports, completeTask)
  const reopen = traced(ports, reopenTask)

  return [
    /** Done, from any status. A token with `tasks:write`; without `tasks:read` the answer is 204. TASK-20, COND-02, IDEM-01, OWN-02. */
    {
      method: 'PUT',
      path: COMPLETION,
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const write = await receive(ctx, principal, undefined)
        send(ctx, answerOf(await complete(principal, idOf(ctx), termsOf(ctx, write, requireIfMatch)), principal.reads))
      },
    },

    /** Not done after all. A token with `tasks:write`; without `tasks:read` the answer is 204. TASK-21, COND-02, IDEM-01, OWN-02. */
    {
      method: 'DELETE',
      path: COMPLETION,
      needs: 'tasks:write',
      async handle(ctx, principal) {
        const write = await receive(ctx, principal, undefined)
        send(ctx, answerOf(await reopen(principal, idOf(ctx), termsOf(ctx, write, requireIfMatch)), principal.reads))
      },
    },
  ]
}

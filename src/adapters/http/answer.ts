import type { Tell } from '../../application/observation.ts'
import { Unavailable } from '../../application/ports.ts'
import { print } from '../../application/printing.ts'
import { type Refusal, Refused } from '../../domain/refusal.ts'
import type { Context } from './context.ts'
import { PRIVATE, PROBLEM_TYPE } from './headers.ts'
import { etagOf } from './precondition.ts'
import { Fault, PROBLEMS, type Problem, printProblem, type Slug } from './problem.ts'

/** What each refusal is answered with: a new kind does not compile until it stands here. */
const ANSWERS = {
  'not-found': 'not-found',
  stale: 'precondition-failed',
  'already-exists': 'already-exists',
  'precondition-required': 'precondition-required',
  'insufficient-permission': 'insufficient-permission',
  'task-quota-exceeded': 'task-quota-exceeded',
  'storage-quota-exceeded': 'storage-quota-exceeded',
  'idempotency-key-reused': 'idempotency-key-reused',
  'idempotency-key-in-progress': 'idempotency-key-in-progress',
  'no-such-version': 'validation',
  'sync-expired': 'sync-expired',
} as const satisfies Record<Refusal['kind'], Slug>

/** The one place that catches: whatever a request ended with becomes its answer. */
export function answerThrown(ctx: Context, thrown: unknown, tell: Tell): void {
  const problem = problemOf(ctx, thrown)
  if (PROBLEMS[problem.slug].status >= 500 && !(thrown instanceof Fault)) tell({ kind: 'failed', requestId: ctx.state.id, cause: thrown })
  ctx.state.problem = problem.slug
  ctx.set({ 'Content-Type': PROBLEM_TYPE, ...problem.headers })
  ctx.status = PROBLEMS[problem.slug].status
  ctx.body = printProblem(problem, ctx.state.id)
}

function problemOf(ctx: Context, thrown: unknown): Problem {
  if (thrown instanceof Fault) return thrown.problem
  if (thrown instanceof Refused) return { slug: ANSWERS[thrown.refusal.kind], ...more(thrown, ctx.state.who?.principal.reads === true) }
  if (thrown instanceof Unavailable) return { slug: 'service-unavailable', headers: { 'Retry-After': String(thrown.retryAfter) } }
  return { slug: 'internal-error' }
}

/** @param reads whether the token may see the task (PERM-04) */
function more({ refusal, index }: Refused, reads: boolean): Omit<Problem, 'slug'> {
  switch (refusal.kind) {
    case 'stale':
      // At that point of a batch a task has no tag.
      if (index !== undefined) return { index, current: reads ? print(refusal.current.task) : undefined }
      return { current: reads ? print(refusal.current.task) : undefined, headers: { ETag: etagOf(refusal.current.seq), 'Cache-Control': PRIVATE } }
    case 'insufficient-permission':
      return { headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${refusal.needs}"` } }
    case 'idempotency-key-in-progress':
      return { headers: { 'Retry-After': '1' } }
    case 'no-such-version':
      return { errors: [{ pointer: '/version', message: 'is no version of this task that is kept' }] }
    default:
      return { index }
  }
}

import type { Json } from '../../application/printing.ts'
import type { Task } from '../../domain/task.ts'

/** Every kind of problem an answer can be, by the last part of its `type` (RFC 9457): the status it always has, and its title. */
export const PROBLEMS = {
  'malformed-query': { status: 400, title: 'Malformed query' },
  'invalid-cursor': { status: 400, title: 'Invalid cursor' },
  'malformed-header': { status: 400, title: 'Malformed header' },
  'malformed-path': { status: 400, title: 'Malformed path' },
  'malformed-request': { status: 400, title: 'Malformed request' },
  'missing-token': { status: 401, title: 'Token required' },
  'invalid-token': { status: 401, title: 'Invalid token' },
  'insufficient-permission': { status: 403, title: 'Insufficient permission' },
  'task-quota-exceeded': { status: 403, title: 'Task quota exceeded' },
  'storage-quota-exceeded': { status: 403, title: 'Storage quota exceeded' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'not-acceptable': { status: 406, title: 'Not acceptable' },
  'request-timeout': { status: 408, title: 'Request timeout' },
  'already-exists': { status: 409, title: 'Already exists' },
  'idempotency-key-in-progress': { status: 409, title: 'Idempotency key in progress' },
  'sync-expired': { status: 410, title: 'Sync expired' },
  'precondition-failed': { status: 412, title: 'Precondition failed' },
  'body-too-large': { status: 413, title: 'Body too large' },
  'uri-too-long': { status: 414, title: 'URI too long' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'expectation-failed': { status: 417, title: 'Expectation failed' },
  'malformed-json': { status: 422, title: 'Malformed JSON' },
  validation: { status: 422, title: 'Validation failed' },
  'idempotency-key-reused': { status: 422, title: 'Idempotency key reused' },
  'precondition-required': { status: 428, title: 'Precondition required' },
  'quota-exceeded': { status: 429, title: 'Quota exceeded' },
  'headers-too-large': { status: 431, title: 'Headers too large' },
  'internal-error': { status: 500, title: 'Internal error' },
  'service-unavailable': { status: 503, title: 'Service unavailable' },
  'temporary-reduced-capacity': { status: 503, title: 'Temporarily reduced capacity' },
  'http-version-not-supported': { status: 505, title: 'HTTP version not supported' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>

export type Slug = keyof typeof PROBLEMS

/** Where a body is wrong: a JSON Pointer (RFC 6901), empty for the whole, and why. */
export interface Flaw {
  readonly pointer: string
  readonly message: string
}

/** One answer that is a problem. */
export interface Problem {
  readonly slug: Slug
  /** What was wrong with this request; holds nothing that only another owner may know. */
  readonly detail?: string | undefined
  readonly errors?: readonly Flaw[]
  /** The task as it is now, for a client that may read it (COND-02). */
  readonly current?: Json<Task> | undefined
  /** Which operation of a batch it is about, from 0 (BATCH-05). */
  readonly index?: number | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** The flaws that one answer tells at most (TASK-17). */
const FLAWS = 20

/** What is wrong with a request as HTTP; what domain and use cases refuse is `Refused`. */
export class Fault extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.slug)
    this.name = 'Fault'
    this.problem = problem
  }
}

export function fault(slug: Slug, more: Omit<Problem, 'slug'> = {}): never {
  throw new Fault({ slug, ...more })
}

/** @param instance the request's id, the server's own (HTTP-23) */
export function printProblem({ slug, detail, errors, current, index }: Problem, instance: string): string {
  const { status, title } = PROBLEMS[slug]
  const text = JSON.stringify({ type: `/api/problems/${slug}`, title, status, detail, instance, errors: errors?.slice(0, FLAWS), index })
  return current === undefined ? text : `${text.slice(0, -1)},"current":${current}}`
}

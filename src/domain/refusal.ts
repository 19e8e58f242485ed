import type { Stored } from './task.ts'

/** What a request can be refused for by the domain and the use cases. Closed: a new kind does not compile until it has its answer. */
export type Refusal =
  /** No such task, or not this owner's: nobody is told which (OWN-02). */
  | { readonly kind: 'not-found' }
  /** The task is not as the request expected it; `current` is how it is now (COND-02). */
  | { readonly kind: 'stale'; readonly current: Stored }
  | { readonly kind: 'already-exists' }
  | { readonly kind: 'insufficient-permission'; readonly needs: Scope }
  | { readonly kind: 'task-quota-exceeded' }
  | { readonly kind: 'storage-quota-exceeded' }
  | { readonly kind: 'idempotency-key-reused' }
  | { readonly kind: 'idempotency-key-in-progress' }

export type Scope = 'tasks:read' | 'tasks:write'

/** The one thing that is thrown on purpose: a throw rolls back what was begun, a returned failure does not. */
export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.kind)
    this.name = 'Refused'
    this.refusal = refusal
  }
}

/** The only `throw` in domain and application. */
export function refuse(refusal: Refusal): never {
  throw new Refused(refusal)
}

import type { Stored } from './task.ts'

/** What a request can be refused for by the domain and the use cases. Closed: a new kind does not compile until it has its answer. */
export type Refusal =
  /** No such task, or not this owner's: nobody is told which (OWN-02). */
  | { readonly kind: 'not-found' }
  /** The task is not as the request expected it; `current` is how it is now (COND-02). */
  | { readonly kind: 'stale'; readonly current: Stored }
  | { readonly kind: 'already-exists' }
  /** The version that it must have is wanted, and was not said (BATCH-07). */
  | { readonly kind: 'precondition-required' }
  | { readonly kind: 'insufficient-permission'; readonly needs: Scope }
  | { readonly kind: 'task-quota-exceeded' }
  | { readonly kind: 'storage-quota-exceeded' }
  | { readonly kind: 'idempotency-key-reused' }
  | { readonly kind: 'idempotency-key-in-progress' }
  /** A version to go back to that is not kept any more, or never was (REV-02). */
  | { readonly kind: 'no-such-version' }
  /** The feed cannot tell what changed since that number: begin at 0 (SYNC-08). */
  | { readonly kind: 'sync-expired' }

export type Scope = 'tasks:read' | 'tasks:write'

/** The one thing that is thrown on purpose: a throw rolls back what was begun, a returned failure does not. */
export class Refused extends Error {
  readonly refusal: Refusal
  /** Which operation of a batch was refused, from 0; undefined elsewhere (BATCH-05). */
  readonly index: number | undefined

  constructor(refusal: Refusal, index?: number) {
    super(refusal.kind)
    this.name = 'Refused'
    this.refusal = refusal
    this.index = index
  }
}

/** The only `throw` in domain and application. */
export function refuse(refusal: Refusal, index?: number): never {
  throw new Refused(refusal, index)
}

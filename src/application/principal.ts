import { Owner } from '../domain/owner.ts'
import { refuse, type Scope } from '../domain/refusal.ts'
import type { Claims } from './authentication.ts'

/** Who asks, and what they may do. The permission gives the owner: there is no other way to get one (OWN-03). */
export class Principal {
  readonly #claims: Claims
  readonly #scopes: readonly string[] | undefined

  constructor(claims: Claims) {
    this.#claims = claims
    this.#scopes = claims.scope === undefined ? undefined : typeof claims.scope === 'string' ? claims.scope.split(' ') : []
  }

  /** @throws {Refused} insufficient-permission */
  mayRead(): Owner {
    return this.#ownerWith('tasks:read')
  }

  /** @throws {Refused} insufficient-permission */
  mayWrite(): Owner {
    return this.#ownerWith('tasks:write')
  }

  /** Whether an answer may show a task: one that may not gets 204 for a write (PERM-04). */
  get reads(): boolean {
    return this.#has('tasks:read')
  }

  /** Who the journal says did it (STORE-04). */
  get actor(): string {
    return this.#claims.actor ?? this.#claims.subject
  }

  /** For counting requests, which comes before permission: says whose they are, gives no way to their tasks. */
  get subject(): string {
    return this.#claims.subject
  }

  /** Without a `scope` claim the token may do all (PERM-01). */
  #has(scope: Scope): boolean {
    return this.#scopes === undefined || this.#scopes.includes(scope)
  }

  #ownerWith(scope: Scope): Owner {
    return this.#has(scope) ? Owner.of(this.#claims.subject) : refuse({ kind: 'insufficient-permission', needs: scope })
  }
}

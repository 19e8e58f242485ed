import type { RouterContext } from '@koa/router'
import type { Claims } from '../../application/authentication.ts'
import type { Principal } from '../../application/principal.ts'
import type { Slug } from './problem.ts'

/** What is known of one request while it is answered. */
export interface State {
  /** The server's own id for it, new each time (HTTP-23). */
  id: string
  who: Who | undefined
  /** The problem that it is answered with. */
  problem: Slug | undefined
  /** Why its token was refused; holds nothing of the token. */
  reason: string | undefined
  /** The trace that it is part of. */
  trace: string | undefined
}

/** Who asks, and the name that the log has for them. */
export interface Who {
  readonly principal: Principal
  readonly claims: Claims
  readonly pseudonym: string
}

export type Context = RouterContext<State>

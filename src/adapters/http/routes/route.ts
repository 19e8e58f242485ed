import Router from '@koa/router'
import type { Principal } from '../../../application/principal.ts'
import type { Owner } from '../../../domain/owner.ts'
import type { Scope } from '../../../domain/refusal.ts'
import type { Authenticate } from '../authenticate.ts'
import type { Context } from '../context.ts'
import { fault } from '../problem.ts'

interface Target {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As the router writes it: `/api/tasks/:id`. */
  readonly path: string
}

/** One line of the table of routes: what a request is for, what its token needs, and what answers it. */
export type Route = Target &
  (
    | {
        readonly needs: Scope
        /** There is something to look at between the token and the permission, and `handle` asks for the permission itself (HTTP-30). */
        readonly asksItself?: true
        readonly handle: (ctx: Context, principal: Principal) => Promise<void>
      }
    /** No token is looked at. */
    | { readonly needs: undefined; readonly handle: (ctx: Context) => Promise<void> }
  )

/** Routes match exactly: letter case, and no slash at the end (HTTP-01). HEAD goes where GET goes. */
export function createRouter(routes: readonly Route[], authenticate: Authenticate): Router<Context['state']> {
  const router = new Router<Context['state']>({ sensitive: true, strict: true })
  for (const route of routes) {
    const answer = route.needs === undefined ? route.handle : permitted(route, authenticate)
    router.register(route.path, [route.method], (ctx, next) => (isElsewhere(ctx, route) ? next() : answer(ctx)))
  }
  return router
}

/** Of the layers that match a path those with a route written out as it stands, else all: `summary` is no id. */
export function layersOf({ matched = [], path }: Pick<Context, 'matched' | 'path'>) {
  const exact = matched.filter((layer) => layer.path === path)
  return exact.length > 0 ? exact : matched
}

const isElsewhere = (ctx: Context, { path }: Route): boolean => !layersOf(ctx).some((layer) => layer.path === path)

/** Token 401, then permission 403: the permission comes before anything that the request says is read. */
const permitted =
  ({ needs, asksItself, handle }: Extract<Route, { readonly needs: Scope }>, authenticate: Authenticate) =>
  async (ctx: Context): Promise<void> => {
    const principal = await authenticate(ctx)
    if (asksItself === undefined) ask(principal, needs)
    await handle(ctx, principal)
  }

const ask = (principal: Principal, needs: Scope): Owner => (needs === 'tasks:read' ? principal.mayRead() : principal.mayWrite())

/**
 * @param type as it is answered with, parameters included, of which `Accept` may name some, all or none
 * @throws {Fault} not-acceptable (HTTP-21)
 */
export function acceptable(ctx: Context, type: string): void {
  const { accept } = ctx.req.headers
  if (accept === undefined || accept === '' || accept === '*/*') return
  if (ctx.accepts(type) === false) fault('not-acceptable', { detail: `this is answered as ${type}` })
}

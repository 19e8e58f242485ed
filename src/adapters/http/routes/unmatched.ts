import type { Context } from '../context.ts'
import type { Cors } from '../cors.ts'
import { fault } from '../problem.ts'
import { layersOf } from './route.ts'

/** What no route answers: OPTIONS (HTTP-03), methods that a path lacks (HTTP-04), and paths that there are none of (HTTP-01). */
export const unmatched =
  (cors: Cors, methods: readonly string[]) =>
  async (ctx: Context): Promise<void> => {
    const matched = ctx.path === '*' ? ['HEAD', ...methods] : layersOf(ctx).flatMap((layer) => layer.methods)
    if (matched.length === 0) return fault('not-found')
    const allow = [...new Set([...matched, 'OPTIONS'])].sort().join(', ')
    if (ctx.method !== 'OPTIONS') return fault('method-not-allowed', { headers: { Allow: allow } })
    ctx.set('Allow', allow)
    cors.preflight(ctx, allow)
    ctx.status = 204
  }

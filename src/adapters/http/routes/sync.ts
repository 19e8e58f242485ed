import { followChanges } from '../../../application/live.ts'
import type { Ports } from '../../../application/ports.ts'
import type { Principal } from '../../../application/principal.ts'
import { readChanges, walkSince } from '../../../application/sync.ts'
import { traced } from '../../../application/tracing.ts'
import { type ChangesRequest, decodeChangesRequest, decodeStreamRequest } from '../codecs/sync.ts'
import type { Context } from '../context.ts'
import { JSON_TYPE } from '../headers.ts'
import { invalidCursor } from '../paging.ts'
import type { Streams } from '../streams.ts'
import type { WalkCursors } from '../walk-cursors.ts'
import { acceptable, type Route } from './route.ts'

const CHANGES = '/api/changes'
const STREAM_TYPE = 'text/event-stream'

/** What the changes in one answer take at most, so that the whole stays under 1 MB (SYNC-03). */
const ROOM = 1_000_000 - 1_000

export function syncRoutes(ports: Ports, cursors: WalkCursors, streams: Streams): readonly Route[] {
  const read = traced(ports, readChanges)
  const follow = followChanges(ports)

  return [
    /** What changed, and with `Accept: text/event-stream` live. A token with `tasks:read`. SYNC-01 to SYNC-10, LIVE-01 to LIVE-09. */
    {
      method: 'GET',
      path: CHANGES,
      needs: 'tasks:read',
      asksItself: true,
      handle: (ctx, principal) => (wantsStream(ctx) ? stream(ctx, principal) : answer(ctx, principal)),
    },
  ]

  async function answer(ctx: Context, principal: Principal): Promise<void> {
    principal.mayRead()
    const asked = decodeChangesRequest(ctx.querystring)
    const now = ports.clock.now()
    const begun = asked.cursor === undefined ? { walk: walkSince(asked.since), at: now } : cursors.open(principal, asked.cursor, now)
    acceptable(ctx, JSON_TYPE)
    const { page, walk } = await read(principal, begun.walk, { limit: asked.limit, bytes: ROOM })
    // Of a database that was set back since: what the walk told of is not there any more.
    if (begun.walk.began !== undefined && page.seq < Math.max(begun.walk.began, begun.walk.after)) return invalidCursor()
    const cursor = page.more ? cursors.seal(principal, { walk, at: begun.at }) : undefined
    if (cursor !== undefined) ctx.set('Link', linkTo(asked, cursor))
    ctx.set('Content-Type', JSON_TYPE)
    const changes = page.changes.flatMap(({ json }, at) => (at === 0 ? [json] : [',', json]))
    ctx.body = bytesOf(['{"changes":[', ...changes, `],"next":${walk.after},"more":${page.more},"cursor":${cursor === undefined ? 'null' : `"${cursor}"`}}`])
  }

  async function stream(ctx: Context, principal: Principal): Promise<void> {
    const giveBack = await streams.take(principal.subject)
    try {
      principal.mayRead()
      const since = decodeStreamRequest(ctx.querystring, ctx.req.headers['last-event-id']?.toString())
      const following = await follow(principal, since)
      ctx.status = 200
      ctx.set({ 'Content-Type': STREAM_TYPE, 'X-Accel-Buffering': 'no' })
      if (ctx.method !== 'HEAD' && ctx.state.who !== undefined && !ctx.res.destroyed) return streams.open(ctx, following, ctx.state.who.claims, giveBack)
      following.stop()
      ctx.body = ''
    } catch (fault) {
      giveBack()
      throw fault
    }
    giveBack()
  }
}

/** UTF-8. Joined as a string first, a megabyte would be held twice, and the server would grow by half as much again under a first sync. */
function bytesOf(parts: readonly string[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((size, part) => size + Buffer.byteLength(part), 0))
  parts.reduce((at, part) => at + whole.write(part, at), 0)
  return whole
}

function wantsStream(ctx: Context): boolean {
  const { accept } = ctx.req.headers
  return accept !== undefined && ctx.accepts(JSON_TYPE, STREAM_TYPE) === STREAM_TYPE
}

/** A relative reference that goes on with the walk, which says itself where it began. */
function linkTo({ parameters }: ChangesRequest, cursor: string): string {
  const limit = parameters.get('limit')
  return `<${CHANGES}?${limit === undefined ? '' : `limit=${limit}&`}cursor=${cursor}>; rel="next"`
}

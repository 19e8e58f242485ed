import type { Outcome } from '../../application/ports.ts'
import type { Parameters } from './codecs/query.ts'
import type { Context } from './context.ts'
import { JSON_TYPE, PRIVATE } from './headers.ts'
import { etagOf, isNotModified } from './precondition.ts'

/** What a write is answered with. */
export interface WriteAnswer {
  readonly status: 200 | 201 | 204
  readonly body: string | null
  readonly etag: string | undefined
  readonly location: string | undefined
}

/**
 * The same outcome gives the same answer, byte for byte, whenever it goes out (IDEM-03).
 * @param reads whether the token may see the task (PERM-04); a purge has left nothing to see.
 */
export function answerOf({ kind, id, seq, json }: Outcome, reads: boolean): WriteAnswer {
  const body = reads ? json : null
  if (kind === 'created') return { status: 201, body, etag: etagOf(seq), location: `/api/tasks/${id}` }
  if (kind === 'discarded') return { status: 204, body: null, etag: undefined, location: undefined }
  return { status: body === null ? 204 : 200, body, etag: etagOf(seq), location: undefined }
}

export function send(ctx: Context, { status, body, etag, location }: WriteAnswer): void {
  if (location !== undefined) ctx.set('Location', location)
  if (etag !== undefined) ctx.set({ ETag: etag, 'Cache-Control': PRIVATE })
  if (body !== null) ctx.set('Content-Type', JSON_TYPE)
  // The status last: Koa makes a null body 204, which a creation is not.
  ctx.body = body
  ctx.status = status
}

/** Answers a read of something that has a tag: nothing is sent again that the client has already (COND-04). */
export function sendUnlessKnown(ctx: Context, etag: string, type: string, body: string | Buffer): void {
  const isKnown = isNotModified(ctx, etag)
  ctx.set({ ETag: etag, 'Cache-Control': PRIVATE })
  if (isKnown) {
    ctx.status = 304
    return
  }
  ctx.set('Content-Type', type)
  ctx.body = body
}

/** One page of whatever is told in pages, and the way to the next one. @param path of the page, without its parameters */
export function sendPage(ctx: Context, path: string, parameters: Parameters, items: string, next: string | undefined): void {
  if (next !== undefined) ctx.set('Link', linkTo(path, parameters, next))
  ctx.set('Content-Type', JSON_TYPE)
  ctx.body = `{"items":${items},"nextCursor":${next === undefined ? 'null' : `"${next}"`}}`
}

/** A relative reference that keeps every other parameter (LIST-02). */
function linkTo(path: string, parameters: Parameters, cursor: string): string {
  const query = [...parameters].filter(([name]) => name !== 'cursor').map(([name, value]) => `${name}=${encodeURIComponent(value)}&`)
  return `<${path}?${query.join('')}cursor=${cursor}>; rel="next"`
}

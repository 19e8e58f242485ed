import type { Principal } from '../../application/principal.ts'
import type { Walk } from '../../application/sync.ts'
import { type Instant, instantAt, millisecondsOf } from '../../domain/instant.ts'
import { createSeal, invalidCursor } from './paging.ts'

/** How long a walk may take, in milliseconds: tombstones last longer, so it is whole whatever is forgotten meanwhile (SYNC-06). */
const WALK_TIME = 24 * 3_600_000

/** A walk that is under way. */
export interface Begun {
  readonly walk: Walk
  readonly at: Instant
}

/** Cursors of walks through the feed: they hold where and when the walk began, and where it is. */
export interface WalkCursors {
  seal(holder: Principal, begun: Begun): string
  /** @throws {Fault} invalid-cursor, also where the walk began over 24 h ago */
  open(holder: Principal, cursor: string, now: Instant): Begun
}

/** @param secret the server's own */
export function createWalkCursors(secret: Uint8Array): WalkCursors {
  const { seal, open } = createSeal(secret)
  return {
    seal: (holder, { walk: { since, began, after }, at }) => seal(holder, 'changes', JSON.stringify([since, began, after, millisecondsOf(at)])),
    open(holder, cursor, now) {
      const read: unknown = JSON.parse(open(holder, 'changes', cursor))
      const [since, began, after, at] = Array.isArray(read) ? read.filter((one) => typeof one === 'number') : []
      if (since === undefined || began === undefined || after === undefined || at === undefined) return invalidCursor()
      if (millisecondsOf(now) - at > WALK_TIME) return invalidCursor()
      return { walk: { since, began, after }, at: instantAt(at) }
    },
  }
}

import type { Terms } from '../../../application/changing.ts'
import type { Once } from '../../../application/ports.ts'
import type { Principal } from '../../../application/principal.ts'
import { refuse } from '../../../domain/refusal.ts'
import type { TaskId } from '../../../domain/task.ts'
import { type Body, bytesOf, dropBody, readBody } from '../body.ts'
import { noQuery } from '../codecs/query.ts'
import { idIn } from '../codecs/task.ts'
import type { Context } from '../context.ts'
import { JSON_TYPE } from '../headers.ts'
import { keyOf, onceOf } from '../idempotency.ts'
import { isAsExpected } from '../precondition.ts'
import { acceptable } from './route.ts'

/** A write as it came, its body perhaps with a fault that waits for its turn. */
export interface Write {
  readonly once: Once | undefined
  readonly body: Body
}

/**
 * Takes in a write up to the point where its key is looked at: query, Accept, Idempotency-Key, and the body, whose own faults come before
 * that only where there is a key (HTTP-30).
 * @param types what the body may be; undefined: there is none to read, and of one that comes all the same only the bytes count, for the key (HTTP-20)
 * @param shows whether the answer has a body, for a token that may see it
 * @throws {Fault} malformed-query, not-acceptable, malformed-header, malformed-request; with a key also unsupported-media-type, body-too-large
 */
export async function receive(ctx: Context, principal: Principal, types: readonly string[] | undefined, shows = true): Promise<Write> {
  noQuery(ctx.querystring)
  if (shows && principal.reads) acceptable(ctx, JSON_TYPE)
  const key = keyOf(ctx)
  const body = types === undefined && key === undefined ? await dropBody(ctx) : await readBody(ctx, types)
  return { once: key === undefined ? undefined : onceOf(ctx, key, bytesOf(body)), body }
}

/** What is held back until the task is found: the body's own faults, then the precondition's. */
export const termsOf = (ctx: Context, { once, body }: Write, requireIfMatch: boolean): Terms => ({
  once,
  expected: (current) => {
    bytesOf(body)
    return isAsExpected(ctx, requireIfMatch, current)
  },
})

/** What a body says, or what throws its fault when the turn of that has come, for what wants to know of it before (HTTP-30). */
export function heldBack<T>(decode: () => T): T | (() => never) {
  try {
    return decode()
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** @throws {Refused} not-found where it is no UUID, as for any other that this owner does not have (OWN-02) */
export const idOf = (ctx: Context): TaskId => idIn(ctx.params['id'] ?? '') ?? refuse({ kind: 'not-found' })

import { createHash } from 'node:crypto'
import type { Once } from '../../application/ports.ts'
import type { Context } from './context.ts'
import { fault } from './problem.ts'

/** Both forms of a key: a string of RFC 9651 section 3.3.3, or bare. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"$/
const BARE = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255}$/

/** The key that a write brings, if any. @throws {Fault} malformed-header (IDEM-02) */
export function keyOf({ req: { headers } }: Context): string | undefined {
  const value = headers['idempotency-key']
  if (value === undefined) return undefined
  if (typeof value !== 'string') return malformed()
  const [, quoted] = QUOTED.exec(value) ?? []
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, '$1')
  return BARE.test(value) ? value : malformed()
}

const malformed = (): never =>
  fault('malformed-header', { detail: 'Idempotency-Key has 1 to 255 printable ASCII characters, in quotes or without space, comma, quote and backslash' })

/** Of a path only an id can be written in several ways, which are one (TASK-03). */
export const onceOf = (ctx: Context, key: string, body: Buffer): Once => ({
  scope: `${ctx.method} ${decodeURIComponent(ctx.path).toLowerCase()}${ctx.search}`,
  key,
  fingerprint: createHash('sha256').update(body).digest('hex'),
})

import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import type { Principal } from '../../application/principal.ts'
import type { Position, Query } from '../../domain/query.ts'
import { derivedKey } from './derived-key.ts'
import { fault } from './problem.ts'

/** What a cursor serves: it is bound to the owner by its key, to filter and sort by what is authenticated with it (LIST-10). */
export type List = Pick<Query, 'filter' | 'sort'>

/** Cursors hold a title or a date, so they are encrypted, and they are proof of what this server said, so they are authenticated. */
export interface Cursors {
  seal(holder: Principal, list: List, position: Position): string
  /** @throws {Fault} invalid-cursor */
  open(holder: Principal, list: List, cursor: string): Position
}

/** What a cursor is made of: some text, bound to its owner and to what it serves. */
export interface Seal {
  seal(holder: Principal, serves: string, text: string): string
  /** @throws {Fault} invalid-cursor */
  open(holder: Principal, serves: string, cursor: string): string
}

/** An answer ends at 1 MB, less what may stand around its items. */
export const PAGE_BYTES = 999_000

const ALGORITHM = 'aes-256-gcm'
const NONCE = 12
const TAG = 16

/** @param secret the server's own; the same after a restart and in every process of one database */
export function createSeal(secret: Uint8Array): Seal {
  const root = derivedKey(secret, 'cursors')
  // A key for each owner: random nonces of 12 bytes are safe for 2^32 cursors of one key, which is now one owner's (NIST SP 800-38D section 8.3).
  const keys = new WeakMap<Principal, Buffer>()
  const keyOf = (holder: Principal): Buffer => {
    const key = keys.get(holder) ?? createHmac('sha256', root).update(holder.subject).digest()
    keys.set(holder, key)
    return key
  }
  return {
    seal(holder, serves, text) {
      const nonce = nextNonce()
      const cipher = createCipheriv(ALGORITHM, keyOf(holder), nonce).setAAD(Buffer.from(serves))
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
    },
    open(holder, serves, cursor) {
      const bytes = Buffer.from(cursor, 'base64url')
      if (bytes.length <= NONCE + TAG || bytes.toString('base64url') !== cursor) return invalidCursor()
      try {
        const decipher = createDecipheriv(ALGORITHM, keyOf(holder), bytes.subarray(0, NONCE), { authTagLength: TAG })
        decipher.setAAD(Buffer.from(serves)).setAuthTag(bytes.subarray(-TAG))
        return Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8')
      } catch {
        return invalidCursor()
      }
    },
  }
}

/** Drawn for many at once: each call to the system costs as much as the encryption. */
let nonces = Buffer.alloc(0)
function nextNonce(): Buffer {
  if (nonces.length === 0) nonces = randomBytes(NONCE * 256)
  const nonce = nonces.subarray(0, NONCE)
  nonces = nonces.subarray(NONCE)
  return nonce
}

export function createCursors(secret: Uint8Array): Cursors {
  const { seal, open } = createSeal(secret)
  return {
    seal: (holder, list, { key, id }) => seal(holder, boundTo(list), JSON.stringify([key, id])),
    open: (holder, list, cursor) => positionOf(open(holder, boundTo(list), cursor)),
  }
}

export const invalidCursor = (): never => fault('invalid-cursor')

const boundTo = ({ filter, sort }: List): string => JSON.stringify([sort, filter])

/** Authentic, so of our own making; but it may be of a version that made others. */
function positionOf(text: string): Position {
  const read: unknown = JSON.parse(text)
  const [key, id] = Array.isArray(read) ? read : []
  const isKey = key === null || typeof key === 'string' || typeof key === 'number'
  return isKey && typeof id === 'string' ? { key, id } : invalidCursor()
}

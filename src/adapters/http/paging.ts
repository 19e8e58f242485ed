import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import type { Position, Query } from '../../domain/query.ts'
import { derivedKey } from './derived-key.ts'
import { fault } from './problem.ts'

/** What a cursor serves: it is bound to the owner by its key, to filter and sort by what is authenticated with it (LIST-10). */
export type List = Pick<Query, 'filter' | 'sort'>

/** Cursors hold a title or a date, so they are encrypted, and they are proof of what this server said, so they are authenticated. */
export interface Cursors {
  seal(owner: string, list: List, position: Position): string
  /** @throws {Fault} invalid-cursor */
  open(owner: string, list: List, cursor: string): Position
}

const ALGORITHM = 'aes-256-gcm'
const NONCE = 12
const TAG = 16

/** @param secret the server's own; the same after a restart and in every process of one database */
export function createCursors(secret: Uint8Array): Cursors {
  const root = derivedKey(secret, 'cursors')
  // A key for each owner: random nonces of 12 bytes are safe for 2^32 cursors of one key, which is now one owner's (NIST SP 800-38D section 8.3).
  const keyOf = (owner: string): Buffer => createHmac('sha256', root).update(owner).digest()
  return {
    seal(owner, list, { key, id }) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv(ALGORITHM, keyOf(owner), nonce).setAAD(boundTo(list))
      const text = cipher.update(JSON.stringify([key, id]), 'utf8')
      return Buffer.concat([nonce, text, cipher.final(), cipher.getAuthTag()]).toString('base64url')
    },
    open(owner, list, cursor) {
      const bytes = Buffer.from(cursor, 'base64url')
      if (bytes.length <= NONCE + TAG || bytes.toString('base64url') !== cursor) return invalid()
      try {
        const decipher = createDecipheriv(ALGORITHM, keyOf(owner), bytes.subarray(0, NONCE), { authTagLength: TAG })
        decipher.setAAD(boundTo(list)).setAuthTag(bytes.subarray(-TAG))
        return positionOf(Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8'))
      } catch {
        return invalid()
      }
    },
  }
}

const invalid = (): never => fault('invalid-cursor')

const boundTo = ({ filter, sort }: List): Buffer => Buffer.from(JSON.stringify([sort, filter]))

/** Authentic, so of our own making; but it may be of a version that made others. */
function positionOf(text: string): Position {
  const read: unknown = JSON.parse(text)
  const [key, id] = Array.isArray(read) ? read : []
  const isKey = key === null || typeof key === 'string' || typeof key === 'number'
  return isKey && typeof id === 'string' ? { key, id } : invalid()
}

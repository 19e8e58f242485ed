import { hkdfSync } from 'node:crypto'

/** A key for one purpose alone, 32 bytes, the same in every process of one database (RFC 5869). */
export const derivedKey = (secret: Uint8Array, purpose: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', `taskward ${purpose}`, 32))

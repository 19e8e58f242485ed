import { createSecretKey, type KeyObject } from 'node:crypto'

/** A key, and what it may be asked to verify: those of its kind, or the one that it names itself (RFC 8725 section 3.1). */
export interface VerificationKey {
  readonly key: KeyObject
  readonly algorithms: readonly string[]
}

/** Where a verifier gets its keys from. */
export interface Keys {
  /** The key that is good right now, where that is known without asking anybody. */
  current(kid: string | undefined): VerificationKey | undefined

  /** The key, or undefined where there is none of that name. @throws {Unavailable} while nobody can tell */
  find(kid: string | undefined): Promise<VerificationKey | undefined>
}

/** By JWK key type and curve (RFC 7518, RFC 8037). What stands nowhere here is never verified. */
export const ALGORITHMS = {
  'OKP Ed25519': ['EdDSA'],
  'EC P-256': ['ES256'],
  'EC P-384': ['ES384'],
  'EC P-521': ['ES512'],
  RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  oct: ['HS256', 'HS384', 'HS512'],
} as const satisfies Record<string, readonly string[]>

/** In bytes (RFC 7518 section 3.2). */
export const SHORTEST_SECRET = 32

/** A shared secret: good for every token, whatever `kid` it names. @throws {RangeError} under 32 bytes */
export function secretKeys(secret: Uint8Array): Keys {
  if (secret.byteLength < SHORTEST_SECRET) throw new RangeError(`a secret has at least ${SHORTEST_SECRET} bytes`)
  const key = { key: createSecretKey(secret), algorithms: ALGORITHMS.oct }
  return lasting(() => key)
}

/** Keys that never change. */
export const fixedKeys = (keys: ReadonlyMap<string, VerificationKey>): Keys => lasting((kid) => (kid === undefined ? undefined : keys.get(kid)))

const lasting = (current: Keys['current']): Keys => ({ current, find: async (kid) => current(kid) })

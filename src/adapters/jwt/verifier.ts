import { compactVerify, errors } from 'jose'
import { type Claims, InvalidToken, type TokenVerifier } from '../../application/authentication.ts'
import { checkTimes, type Expected, readClaims, type Times } from './claims.ts'
import type { Keys, VerificationKey } from './keys.ts'
import { readMembers, readToken, type Token } from './token.ts'
import { TokenCache } from './token-cache.ts'

export interface VerifierOptions extends Expected {
  readonly keys: Keys
  /** The allow-list. */
  readonly algorithms: readonly string[]
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

interface Verified {
  readonly claims: Claims
  readonly times: Times
  readonly kid: string | undefined
  readonly key: VerificationKey
}

/** How many verified tokens are remembered. */
const REMEMBERED = 10_000

/**
 * Checks tokens by RFC 7519 and RFC 8725, in this order: form, header, key, signature, claims, times. A token that was good once skips all but
 * the last while its key is good (AUTH-10).
 */
export function createVerifier(options: VerifierOptions): TokenVerifier {
  const { keys, clock, maxAge } = options
  const remembered = new TokenCache<Verified>(REMEMBERED)
  const verifiedBy = new WeakMap<Claims, Pick<Verified, 'kid' | 'key'>>()

  return {
    async verify(compact) {
      const known = remembered.get(compact)
      const stillGood = known !== undefined && keys.current(known.kid) === known.key
      const verified = stillGood ? known : await verifyAnew(compact)
      checkTimes(verified.times, clock() / 1_000, maxAge)
      if (!stillGood) remembered.set(compact, verified)
      return verified.claims
    },

    async isStillGood(claims) {
      const by = verifiedBy.get(claims)
      if (by === undefined) return false
      return keys.current(by.kid) === by.key || (await keys.find(by.kid)) === by.key
    },
  }

  async function verifyAnew(compact: string): Promise<Verified> {
    const token = readToken(compact, options.algorithms)
    const key = await verifySignature(token, keys)
    const read = readClaims(readMembers(token.payload, 'payload'), options)
    verifiedBy.set(read.claims, { kid: token.kid, key })
    return { ...read, kid: token.kid, key }
  }
}

/** @returns the key that signed. @throws {InvalidToken}, {Unavailable} */
export async function verifySignature(token: Token, keys: Keys): Promise<VerificationKey> {
  const key = await keys.find(token.kid)
  if (key === undefined) throw new InvalidToken('no such key')
  if (!key.algorithms.includes(token.algorithm)) throw new InvalidToken("algorithm not the key's")
  try {
    await compactVerify(token.compact, key.key, { algorithms: [token.algorithm] })
  } catch (error) {
    throw error instanceof errors.JOSEError ? new InvalidToken('bad signature') : error
  }
  return key
}

import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import { parseStrict } from '../../application/strict-json.ts'
import { type Checked, flawed, valid } from '../../domain/checked.ts'
import { ALGORITHMS, type VerificationKey } from './keys.ts'
import { isMembers, type Members } from './token.ts'

/** RSA keys, in bits. */
export const SHORTEST_MODULUS = 2048

/**
 * Reads a JWK set (RFC 7517). Keys of unknown kind, for another use or without a name are passed over (section 5); a key that nobody should have published
 * makes the whole set unusable, since it says that the issuer is not what it was (KEYS-02).
 */
export function readKeySet(text: string): Checked<ReadonlyMap<string, VerificationKey>> {
  const parsed = parseStrict(text)
  if (!parsed.ok) return parsed
  const { keys: listed } = isMembers(parsed.value) ? parsed.value : {}
  if (!(Array.isArray(listed) && listed.every(isMembers))) return flawed('is no key set')
  const kids = listed.flatMap(({ kid }) => (typeof kid === 'string' ? [kid] : []))
  if (new Set(kids).size !== kids.length) return flawed('has two keys of one kid')
  const usable = new Map<string, VerificationKey>()
  for (const jwk of listed) {
    const key = readKey(jwk)
    if (!key.ok) return key
    const { kid } = jwk
    if (typeof kid === 'string' && key.value !== undefined) usable.set(kid, key.value)
  }
  return valid(usable)
}

function readKey(jwk: Members): Checked<VerificationKey | undefined> {
  const { kty, alg } = jwk
  if (kty === 'oct') return flawed('has a symmetric key')
  if (Object.hasOwn(jwk, 'd')) return flawed('has a private key')
  const kind = kindOf(jwk)
  if (kind === undefined) return valid(undefined)
  const key = importKey(jwk)
  if (!key.ok) return key
  const { modulusLength = SHORTEST_MODULUS, publicExponent = LEAST_EXPONENT } = key.value.asymmetricKeyDetails ?? {}
  if (modulusLength < SHORTEST_MODULUS) return flawed(`has an RSA key under ${SHORTEST_MODULUS} bits`)
  if (publicExponent < LEAST_EXPONENT) return flawed('has an RSA key with the exponent 1')
  const algorithms = ALGORITHMS[kind].filter((algorithm) => alg === undefined || alg === algorithm)
  return valid(isToVerify(jwk) ? { key: key.value, algorithms } : undefined)
}

type Kind = Exclude<keyof typeof ALGORITHMS, 'oct'>

function kindOf({ kty, crv }: Members): Kind | undefined {
  const name = kty === 'RSA' ? kty : `${kty} ${crv}`
  return isKind(name) ? name : undefined
}

const isKind = (name: string): name is Kind => Object.hasOwn(ALGORITHMS, name)

/** A point off its curve, and a member that is missing or of the wrong length, are found here (RFC 8725 section 3.4). */
function importKey({ kty, crv, x, y, n, e }: Members): Checked<KeyObject> {
  const key: webcrypto.JsonWebKey = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => typeof value === 'string'))
  try {
    return valid(createPublicKey({ key, format: 'jwk' }))
  } catch {
    return flawed('has a malformed key')
  }
}

/** RFC 7517 sections 4.2 and 4.3. */
const isToVerify = ({ use, key_ops }: Members): boolean =>
  (use === undefined || use === 'sig') && (key_ops === undefined || (Array.isArray(key_ops) && key_ops.includes('verify')))

const LEAST_EXPONENT = 3n

import { type Fault, fault } from './fault.ts'
import { KEY_SET_ALGORITHMS, KEY_SET_DEFAULTS, SECRET_ALGORITHMS, type Texts } from './table.ts'
import { isLoopback } from './values.ts'

/** How tokens are verified. */
export type TokenSettings =
  | { readonly kind: 'development'; readonly maxAge: number }
  | ({ readonly kind: 'secret'; readonly secret: Uint8Array; readonly issuer: string | undefined; readonly audience: string | undefined } & Accepted)
  | ({ readonly kind: 'key-set'; readonly url: URL; readonly issuer: string; readonly audience: string } & Accepted)

interface Accepted {
  readonly algorithms: readonly string[]
  /** Seconds. */
  readonly maxAge: number
}

const WAYS = ['BETTER_AUTH_URL', 'AUTH_JWKS_URL', 'AUTH_SECRET'] as const
const REFINEMENTS = ['AUTH_ISSUER', 'AUTH_AUDIENCE', 'AUTH_ALGORITHMS', 'AUTH_MAX_TOKEN_AGE'] as const

/** HMAC keys are as long as the hash, at least (RFC 7518, section 3.2). */
const SECRET_BYTES = { HS256: 32, HS384: 48, HS512: 64 } as const

/** @param isSet tells what the operator wrote from what a default filled in */
export function tokenSettings(texts: Texts, isSet: (name: keyof Texts) => boolean, faults: Fault[]): TokenSettings {
  const ways = WAYS.filter(isSet)
  if (ways.length > 1) faults.push(fault(ways, 'cannot be set together: a token is verified one way'))
  if (texts.BETTER_AUTH_URL !== undefined) return keySet(texts, 'BETTER_AUTH_URL', texts.BETTER_AUTH_URL, faults)
  if (texts.AUTH_JWKS_URL !== undefined) return keySet(texts, 'AUTH_JWKS_URL', texts.AUTH_JWKS_URL, faults)
  if (texts.AUTH_SECRET !== undefined) return sharedSecret(texts, texts.AUTH_SECRET, faults)
  return development(texts, isSet, faults)
}

function keySet(texts: Texts, name: 'BETTER_AUTH_URL' | 'AUTH_JWKS_URL', url: URL, faults: Fault[]): TokenSettings {
  const algorithms = allowed(texts, KEY_SET_ALGORITHMS, KEY_SET_DEFAULTS, `with ${name}`, faults)
  if (texts.NODE_ENV === 'production' && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    faults.push(fault([name], 'must begin with https://. Production takes no keys that somebody on the way could exchange'))
  }
  const common = { kind: 'key-set', algorithms, maxAge: texts.AUTH_MAX_TOKEN_AGE } as const
  if (name === 'BETTER_AUTH_URL') {
    // Better Auth names itself by its origin, without a final slash, however its own URL was written.
    const base = url.pathname === '/' ? url.origin : url.href.replace(/\/+$/, '')
    return { ...common, url: new URL(`${base}/api/auth/jwks`), issuer: texts.AUTH_ISSUER ?? base, audience: texts.AUTH_AUDIENCE ?? base }
  }
  for (const needed of ['AUTH_ISSUER', 'AUTH_AUDIENCE'] as const) {
    if (texts[needed] === undefined) faults.push(fault([needed], 'must be set with AUTH_JWKS_URL: a key set may serve many issuers and audiences'))
  }
  return { ...common, url, issuer: texts.AUTH_ISSUER ?? '', audience: texts.AUTH_AUDIENCE ?? '' }
}

function sharedSecret(texts: Texts, text: string, faults: Fault[]): TokenSettings {
  const algorithms = allowed(texts, SECRET_ALGORITHMS, ['HS256'], 'with AUTH_SECRET', faults)
  const secret = new TextEncoder().encode(text)
  const least = Math.max(...algorithms.map((name) => SECRET_BYTES[name]))
  if (secret.length < least) faults.push(fault(['AUTH_SECRET'], `must have at least ${least} bytes`))
  const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience, AUTH_MAX_TOKEN_AGE: maxAge } = texts
  if (texts.NODE_ENV === 'production' && issuer === undefined && audience === undefined) {
    faults.push(fault(['AUTH_SECRET'], 'must have AUTH_ISSUER or AUTH_AUDIENCE beside it. Production lets nobody in for whom else the secret signs'))
  }
  return { kind: 'secret', secret, issuer, audience, algorithms, maxAge }
}

function development(texts: Texts, isSet: (name: keyof Texts) => boolean, faults: Fault[]): TokenSettings {
  const refinements = REFINEMENTS.filter(isSet)
  const ways = WAYS.join(', ')
  if (refinements.length > 0) faults.push(fault(refinements, `cannot be set without one of ${ways}`))
  else if (texts.NODE_ENV === 'production') faults.push(fault(['NODE_ENV'], `must have one of ${ways} beside it. Production has no development mode`))
  if (!isLoopback(texts.HOST)) faults.push(fault(['HOST'], `must be 127.0.0.1, ::1 or localhost in development mode, which is on until one of ${ways} is set`))
  return { kind: 'development', maxAge: texts.AUTH_MAX_TOKEN_AGE }
}

function allowed<const T extends string>(texts: Texts, mayBe: readonly T[], fallback: readonly T[], where: string, faults: Fault[]): readonly T[] {
  const asked = texts.AUTH_ALGORITHMS
  if (asked === undefined) return fallback
  const fit = mayBe.filter((name) => asked.some((other) => other === name))
  if (asked.length === 0 || fit.length < asked.length) faults.push(fault(['AUTH_ALGORITHMS'], `must be of ${mayBe.join(', ')} ${where}`))
  return fit.length > 0 ? fit : fallback
}

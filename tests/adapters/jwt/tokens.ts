import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { expect } from 'chai'
import type { VerifierOptions } from '../../../src/adapters/jwt/verifier.ts'
import { InvalidToken } from '../../../src/application/authentication.ts'

/** Tokens made by hand, so that they may be as wrong as a test wants. */

/** Seconds since 1970. */
export const NOW = 1_795_510_800
export const ISSUER = 'https://issuer.example'
export const AUDIENCE = 'https://tasks.example'
export const DAY = 86_400

export const CLAIMS = { sub: 'alice', iss: ISSUER, aud: AUDIENCE, iat: NOW, exp: NOW + 900 }
export const EXPECTED = { issuer: ISSUER, audience: AUDIENCE, maxAge: DAY } as const satisfies Partial<VerifierOptions>
export const BY_KEY_SET = ['EdDSA', 'ES256', 'RS256', 'PS256', 'ES512']

export interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

export const encode = (value: string | Uint8Array): string => Buffer.from(value).toString('base64url')
export const encodeJson = (value: unknown): string => encode(JSON.stringify(value))

export const edPair = (): Pair => generateKeyPairSync('ed25519')
export const ecPair = (namedCurve: string): Pair => generateKeyPairSync('ec', { namedCurve })
export const rsaPair = (modulusLength = 2048, publicExponent = 65_537): Pair => generateKeyPairSync('rsa', { modulusLength, publicExponent })

export const jwkOf = ({ publicKey }: Pair, members: object): object => ({ ...publicKey.export({ format: 'jwk' }), ...members })

export function signatureOf(algorithm: string, key: KeyObject | Uint8Array | string, text: string): Uint8Array {
  const input = Buffer.from(text)
  const digest = `sha${algorithm.slice(-3)}`
  if (algorithm.startsWith('HS')) return createHmac(digest, key).update(input).digest()
  if (typeof key === 'string' || key instanceof Uint8Array) throw new Error(`no key for ${algorithm}`)
  if (algorithm === 'EdDSA') return sign(null, input, key)
  if (algorithm.startsWith('ES')) return sign(digest, input, { key, dsaEncoding: 'ieee-p1363' })
  const padding = algorithm.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
  return sign(digest, input, { key, padding, ...(algorithm.startsWith('PS') && { saltLength: constants.RSA_PSS_SALTLEN_DIGEST }) })
}

/** A token of parts as they are given, signed as if they were right. */
export function signedOf(header: string, payload: string, algorithm: string, key: KeyObject | Uint8Array | string): string {
  return `${header}.${payload}.${encode(signatureOf(algorithm, key, `${header}.${payload}`))}`
}

export const tokenOf = (
  key: KeyObject | Uint8Array | string,
  claims: unknown = CLAIMS,
  header: object = { alg: 'EdDSA', kid: 'k1' },
  algorithm = 'EdDSA',
): string => signedOf(encodeJson(header), encodeJson(claims), algorithm, key)

export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => expect.fail('was accepted'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof InvalidToken)) throw error
  return error.message
}

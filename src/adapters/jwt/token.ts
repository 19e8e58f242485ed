import { Buffer, isUtf8 } from 'node:buffer'
import { InvalidToken } from '../../application/authentication.ts'
import { parseStrict } from '../../application/strict-json.ts'

/** In characters (AUTH-03). */
export const LONGEST_TOKEN = 8192

export type Members = Readonly<Record<string, unknown>>

/** A compact JWS (RFC 7515 section 7.1) whose form and header hold; the signature and the claims were not looked at. */
export interface Token {
  readonly compact: string
  readonly algorithm: string
  readonly kid: string | undefined
  /** The payload's bytes, of whatever content. */
  readonly payload: Uint8Array
}

/**
 * Reads form and header before any library does: jose forgives spaces, unused bits and duplicate members (RFC 8725 section 2).
 * @throws {InvalidToken}
 */
export function readToken(compact: string, algorithms: readonly string[]): Token {
  if (compact.length > LONGEST_TOKEN) throw new InvalidToken('too long')
  const parts = compact.split('.').map(decodePart)
  const [header, payload, signature] = parts
  if (header === undefined || payload === undefined || signature === undefined || parts.length !== 3) throw new InvalidToken('not three base64url parts')
  return { compact, payload, ...readHeader(readMembers(header, 'header'), algorithms) }
}

/** Canonical base64url (RFC 4648 section 3.5): no padding, no character outside the alphabet, no unused bit set, not empty. */
function decodePart(part: string): Uint8Array | undefined {
  const bytes = Buffer.from(part, 'base64url')
  return part !== '' && bytes.toString('base64url') === part ? bytes : undefined
}

/** A JSON object in strict UTF-8, without duplicate members. @throws {InvalidToken} */
export function readMembers(bytes: Uint8Array, where: 'header' | 'payload'): Members {
  if (!isUtf8(bytes)) throw new InvalidToken(`${where} is not UTF-8`)
  const parsed = parseStrict(Buffer.from(bytes).toString())
  if (!parsed.ok) throw new InvalidToken(`${where} ${parsed.flaw}`)
  if (!isMembers(parsed.value)) throw new InvalidToken(`${where} is not an object`)
  return parsed.value
}

export const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)

function readHeader(header: Members, algorithms: readonly string[]): Pick<Token, 'algorithm' | 'kid'> {
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || !algorithms.includes(alg)) throw new InvalidToken('algorithm not allowed')
  if (kid !== undefined && typeof kid !== 'string') throw new InvalidToken('kid is not a string')
  if (typ !== undefined && typ !== 'JWT' && typ !== 'at+jwt') throw new InvalidToken('another type of token')
  const refused = REFUSED.find((name) => Object.hasOwn(header, name))
  if (refused !== undefined) throw new InvalidToken(`header has ${refused}`)
  return { algorithm: alg, kid }
}

/** Keys brought along, extensions, encryption and nesting (RFC 8725 sections 2.2, 3.10): of no use here, and ways in. */
const REFUSED = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'cty', 'enc']

import { type Claims, InvalidToken } from '../../application/authentication.ts'
import { isMembers, type Members } from './token.ts'

/** Who must have issued a token, for whom, and how old it may be. */
export interface Expected {
  /** Exact; undefined: whoever holds the secret. */
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** Seconds, of a token's age and of its whole life (AUTH-07). */
  readonly maxAge: number
}

/** Seconds since 1970, fractions allowed (RFC 7519 section 2, NumericDate). */
export interface Times {
  readonly expiresAt: number
  readonly issuedAt: number
  readonly notBefore: number | undefined
}

/** Seconds that clocks may differ by. */
export const TOLERANCE = 5

/** In code points. */
export const LONGEST_SUBJECT = 255

/** Reads `sub`, `scope`, `act.sub`, `client_id` and `azp` and nothing else, besides what it checks (AUTH-09). @throws {InvalidToken} */
export function readClaims(payload: Members, expected: Expected): { readonly claims: Claims; readonly times: Times } {
  const { iss, aud, sub, scope } = payload
  if (expected.issuer !== undefined && iss !== expected.issuer) throw new InvalidToken('another issuer')
  if (expected.audience !== undefined && !isFor(aud, expected.audience)) throw new InvalidToken('another audience')
  const times = readTimes(payload)
  if (times.expiresAt - times.issuedAt > expected.maxAge) throw new InvalidToken('lives too long')
  if (!isSubject(sub)) throw new InvalidToken('unfit subject')
  return { claims: { subject: sub, scope, actor: actorOf(payload), expiresAt: times.expiresAt }, times }
}

function readTimes({ exp, iat, nbf }: Members): Times {
  if (!isTime(exp)) throw new InvalidToken('exp is not a time')
  if (!isTime(iat)) throw new InvalidToken('iat is not a time')
  if (nbf !== undefined && !isTime(nbf)) throw new InvalidToken('nbf is not a time')
  return { expiresAt: exp, issuedAt: iat, notBefore: nbf }
}

/** `1e999` reads as Infinity. */
const isTime = (value: unknown): value is number => Number.isFinite(value)

const isFor = (audiences: unknown, audience: string): boolean =>
  audiences === audience || (Array.isArray(audiences) && audiences.every((each) => typeof each === 'string') && audiences.includes(audience))

/** What may name somebody: trimmed, so that two spellings are never one owner, and fit for every store (AUTH-08). */
export const isSubject = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value === value.trim() && value.isWellFormed() && !/\p{Cc}/u.test(value) && [...value].length <= LONGEST_SUBJECT

/** Who acts for the subject (RFC 8693 section 4.1), as the journal keeps it: a claim unfit to be kept counts as absent. */
function actorOf({ act, client_id, azp }: Members): string | undefined {
  const { sub } = isMembers(act) ? act : {}
  return [sub, client_id, azp].find(isSubject)
}

/** Whether a token is good at this moment, asked again each time it comes. @param now in seconds since 1970 @throws {InvalidToken} */
export function checkTimes(times: Times, now: number, maxAge: number): void {
  if (now - TOLERANCE >= times.expiresAt) throw new InvalidToken('expired')
  if (now - TOLERANCE - times.issuedAt > maxAge) throw new InvalidToken('too old')
  if (times.issuedAt > now + TOLERANCE) throw new InvalidToken('issued in the future')
  if (times.notBefore !== undefined && times.notBefore > now + TOLERANCE) throw new InvalidToken('not yet good')
}

import { createHmac } from 'node:crypto'
import { type Claims, InvalidToken, type TokenVerifier } from '../../application/authentication.ts'
import { Principal } from '../../application/principal.ts'
import type { Context, Who } from './context.ts'
import { derivedKey } from './derived-key.ts'
import type { Limits } from './limits.ts'
import { fault } from './problem.ts'

/** Who asks. @throws {Fault} quota-exceeded, missing-token, invalid-token; {Unavailable} while no key set can be had */
export type Authenticate = (ctx: Context) => Promise<Principal>

/** RFC 9110 section 11.1: schemes in any letter case. What follows it is the verifier's to judge. */
const BEARER = /^bearer(?![!#$%&'*+.^_`|~0-9A-Za-z-])[ ]*/i

export const bearerIn = (header: string | undefined): string | undefined =>
  header !== undefined && BEARER.test(header) ? header.replace(BEARER, '') : undefined

/** @param secret the server's own, from which the names that the log has for owners are made */
export function createAuthenticate(verifier: TokenVerifier, limits: Limits, secret: Uint8Array): Authenticate {
  const key = derivedKey(secret, 'pseudonyms')
  // A verifier that remembers a token gives the same claims again, so who they are of need not be made again.
  const known = new WeakMap<Claims, Who>()
  const whoBy = (claims: Claims): Who => {
    const who = known.get(claims) ?? {
      principal: new Principal(claims),
      claims,
      pseudonym: createHmac('sha256', key).update(claims.subject).digest('hex').slice(0, 16),
    }
    known.set(claims, who)
    return who
  }

  return async (ctx) => {
    await limits.admit(ctx)
    const claims = await verified(ctx)
    const who = whoBy(claims)
    ctx.state.who = who
    await limits.countOwner(ctx, claims.subject)
    return who.principal
  }

  async function verified(ctx: Context): Promise<Claims> {
    const token = bearerIn(ctx.req.headers.authorization)
    if (token === undefined) {
      await limits.countStranger(ctx)
      return missingToken()
    }
    try {
      return await verifier.verify(token)
    } catch (error) {
      if (!(error instanceof InvalidToken)) throw error
      ctx.state.reason = error.message
    }
    await limits.countStranger(ctx)
    return invalidToken()
  }
}

/** No error where no token came (RFC 6750 section 3.1). */
export const missingToken = (): never => fault('missing-token', { headers: { 'WWW-Authenticate': 'Bearer realm="taskward"' } })

/** The one answer to every fault of a token (AUTH-02). */
export const invalidToken = (): never => fault('invalid-token', { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })

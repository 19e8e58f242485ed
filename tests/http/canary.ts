import { tokenOf } from '../adapters/jwt/tokens.ts'
import type { Generated } from './generated.ts'

/** A word that stands nowhere else. */
export const CANARY = 'cAnArY7f3e'
export const CANARY_SECRET = Buffer.alloc(36, 'canary')

/** A real token full of it: whoever reads more of the claims than is to be read tells it. */
export function tokenWithCanary(owner: string, scope: unknown, now = Math.floor(Date.now() / 1000)): string {
  const people = { email: `${CANARY}@a.test`, name: CANARY, picture: `https://a.test/${CANARY}`, azp: CANARY, jti: CANARY }
  const claims = { ...people, sub: `${owner} ${CANARY}`, iat: now, exp: now + 3600, ...(scope !== undefined && { scope }) }
  return tokenOf(CANARY_SECRET, claims, { alg: 'HS256', kid: CANARY }, 'HS256')
}

/** The request with the word wherever a value of its owner may stand: token, titles, descriptions, tags, values of the query and of headers. */
export function withCanary(request: Generated, nth: number): Generated {
  const as = request.as === null ? null : nth % 50 === 7 ? `${CANARY}.${CANARY}.${CANARY}` : tokenWithCanary(request.owner, scopeOf(request.as))
  const body = typeof request.body === 'string' ? marked(request.body) : request.body
  const query = `${request.path.includes('?') ? '&' : '?'}q=${CANARY}`
  const path = nth % 3 === 0 ? `${request.path}${query}` : nth % 17 === 0 ? `${request.path}${CANARY}` : request.path
  const headers =
    nth % 5 === 0
      ? { ...request.headers, 'Idempotency-Key': `${CANARY}${nth}` }
      : nth % 11 === 0
        ? { ...request.headers, 'If-Match': `"${CANARY}"` }
        : request.headers
  return { ...request, as, body, path, headers }
}

const marked = (body: string): string =>
  body
    .replace(/"(title|description)":"/g, `"$1":"${CANARY} `)
    .replace(/"tags":\[/g, `"tags":["${CANARY}",`)
    .replace(`"${CANARY}",]`, `"${CANARY}"]`)

function scopeOf(as: string): unknown {
  const text = Buffer.from(as, 'base64url').toString()
  return text.startsWith('{') ? JSON.parse(text).scope : undefined
}

/** A problem without its `current`, which is the owner's own task. */
export function withoutCurrent(body: string): string {
  const { current: _, ...rest } = JSON.parse(body)
  return JSON.stringify(rest)
}

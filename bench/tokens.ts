import { createHmac } from 'node:crypto'

export const SECRET = 'a secret of the benchmarks, of 32 bytes and more'
export const ISSUER = 'http://127.0.0.1/issuer'
export const AUDIENCE = 'http://127.0.0.1'

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const HEADER = part({ alg: 'HS256', typ: 'JWT' })

/** Good for twelve hours from now. */
export function tokenFor(sub: string): string {
  const iat = Math.floor(Date.now() / 1_000)
  const signed = `${HEADER}.${part({ sub, iss: ISSUER, aud: AUDIENCE, iat, exp: iat + 43_200 })}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

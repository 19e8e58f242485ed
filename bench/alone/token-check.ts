/** The token check alone, in one process: Taskward's, of a token that it knows and of one that it does not, beside `jose` by itself. Prints JSON. */
import { generateKeyPairSync } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { fixedKeys } from '../../src/adapters/jwt/keys.ts'
import { createVerifier } from '../../src/adapters/jwt/verifier.ts'

const [AT_ONCE, ROUNDS] = [2_000, 7]
const ISSUER = 'https://app.example.com'
const { publicKey, privateKey } = generateKeyPairSync('ed25519')

const tokenFor = (n: number): Promise<string> =>
  new SignJWT({ email: 'ada@example.com', name: 'Ada' })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
    .setSubject(`user-${n}`)
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setIssuedAt()
    .setExpirationTime('15m')
    .sign(privateKey)

/** Microseconds of each, one after the other. */
async function timed(check: (n: number) => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  for (let n = 0; n < AT_ONCE; n++) await check(n)
  return ((performance.now() - begun) * 1_000) / AT_ONCE
}

const tokens = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => tokenFor(n)))
const tokenAt = (n: number): string => tokens[n] ?? ''
const keys = fixedKeys(new Map([['one', { key: publicKey, algorithms: ['EdDSA'] }]]))
const fresh = () => createVerifier({ keys, algorithms: ['EdDSA'], issuer: ISSUER, audience: ISSUER, maxAge: 86_400, clock: Date.now })

const rounds: { cached: number; first: number; jose: number }[] = []
for (let round = 0; round <= ROUNDS; round++) {
  const verifier = fresh()
  const first = await timed((n) => verifier.verify(tokenAt(n)))
  const jose = await timed((n) => jwtVerify(tokenAt(n), publicKey, { issuer: ISSUER, audience: ISSUER, algorithms: ['EdDSA'] }))
  const cached = await timed((n) => verifier.verify(tokenAt(n)))
  if (round > 0) rounds.push({ cached, first, jose })
}
process.stdout.write(`${JSON.stringify(rounds)}\n`)

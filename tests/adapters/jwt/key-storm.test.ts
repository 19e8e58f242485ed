import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createKeySet, PAUSE } from '../../../src/adapters/jwt/key-set.ts'
import { createVerifier } from '../../../src/adapters/jwt/verifier.ts'
import { InvalidToken } from '../../../src/application/authentication.ts'
import { type Checked, flawed, valid } from '../../../src/domain/checked.ts'
import { BY_KEY_SET, CLAIMS, EXPECTED, edPair, encode, encodeJson, jwkOf, NOW, tokenOf } from './tokens.ts'

const TOKENS = 10_000
/** Milliseconds from token to token: 200 a second. */
const STEP = 5
/** Milliseconds for which the issuer is up, down and hanging, in turn. */
const PHASE = 8_000
const GOOD_EACH = 20

const pair = edPair()
const SET = valid(JSON.stringify({ keys: [jwkOf(pair, { kid: 'k1' })] }))
const GOOD = tokenOf(pair.privateKey, CLAIMS)
const PAYLOAD = encodeJson(CLAIMS)
const SIGNATURE = encode(Buffer.alloc(64, 1))

/** A token of a key that there is not, as anybody can make one. */
const strangerOf = (kid: string): string => `${encodeJson({ alg: 'EdDSA', kid })}.${PAYLOAD}.${SIGNATURE}`

/** An issuer under a clock that the test moves: up, down, and hanging until a fetch would be given up. */
function changingIssuer() {
  const fetches: number[] = []
  const hanging: { readonly until: number; readonly resolve: (text: Checked<string>) => void }[] = []
  let time = 0
  return {
    fetches,
    clock: () => time,
    download(): Promise<Checked<string>> {
      fetches.push(time)
      const phase = Math.floor(time / PHASE) % 3
      if (phase === 0) return Promise.resolve(SET)
      if (phase === 1) return Promise.resolve(flawed('failed with ECONNREFUSED'))
      const { promise, resolve } = Promise.withResolvers<Checked<string>>()
      hanging.push({ until: time + 2_000, resolve })
      return promise
    },
    pass(): void {
      time += STEP
      for (const { until, resolve } of hanging) if (until <= time) resolve(flawed('failed with TimeoutError'))
    },
    end(): void {
      for (const { resolve } of hanging) resolve(flawed('failed with TimeoutError'))
    },
  }
}

const outcomeOf = (verifying: Promise<unknown>): Promise<string> =>
  verifying.then(
    () => 'accepted',
    (error: unknown) => {
      if (error instanceof InvalidToken) return error.message
      throw error
    },
  )

describe('a storm of unknown keys', () => {
  it(`SEC-06 KEYS-03 KEYS-04 ${TOKENS} tokens with random kids, the issuer up, down and hanging: one fetch in 5 s, and good tokens go on`, async () => {
    const issuer = changingIssuer()
    const keys = createKeySet({ download: issuer.download, now: issuer.clock, tell: () => undefined })
    const { verify } = createVerifier({ keys, algorithms: BY_KEY_SET, ...EXPECTED, clock: () => NOW * 1_000 })
    await verify(GOOD)
    const strangers: Promise<string>[] = []
    const good: Promise<string>[] = []
    for (let nth = 0; nth < TOKENS; nth++) {
      strangers.push(outcomeOf(verify(strangerOf(crypto.randomUUID()))))
      // Another token each time, so that none is remembered.
      if (nth % GOOD_EACH === 0) good.push(outcomeOf(verify(tokenOf(pair.privateKey, { ...CLAIMS, jti: nth }))))
      issuer.pass()
      if (nth % GOOD_EACH === 0) await Promise.resolve()
    }
    issuer.end()
    expect(new Set(await Promise.all(strangers))).to.deep.equal(new Set(['no such key']))
    expect(new Set(await Promise.all(good))).to.deep.equal(new Set(['accepted']))
    const pauses = issuer.fetches.slice(1).map((at, nth) => at - (issuer.fetches[nth] ?? 0))
    expect(Math.min(...pauses)).to.be.greaterThan(PAUSE)
    // Each phase was met: as often as it may be asked, it was.
    expect(issuer.fetches.length).to.be.within(8, 1 + (TOKENS * STEP) / PAUSE)
  }).timeout(30_000)
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createKeySet } from '../../../src/adapters/jwt/key-set.ts'
import type { Observation } from '../../../src/application/observation.ts'
import { Unavailable } from '../../../src/application/ports.ts'
import { type Checked, flawed, valid } from '../../../src/domain/checked.ts'
import { edPair, jwkOf } from './tokens.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const pairs = { a: edPair(), b: edPair(), c: edPair() } as const
type Name = keyof typeof pairs

const setOf = (...names: readonly Name[]): Checked<string> => valid(JSON.stringify({ keys: names.map((name) => jwkOf(pairs[name], { kid: name })) }))
const DOWN = flawed('answered with status 500')

/** A key set over an issuer and a clock that the test moves by hand. */
function issuerWith(...names: readonly Name[]) {
  const told: Observation[] = []
  const issuer = {
    time: 1_000_000,
    answer: setOf(...names),
    fetches: 0,
    told,
    /** Held back until `release`, where it is set. */
    gate: undefined as PromiseWithResolvers<void> | undefined,
  }
  const keys = createKeySet({
    download: async () => {
      issuer.fetches++
      const { answer } = issuer
      await issuer.gate?.promise
      return answer
    },
    now: () => issuer.time,
    tell: (observation) => told.push(observation),
  })
  const has = async (kid: string): Promise<boolean> => (await keys.find(kid)) !== undefined
  return { issuer, keys, has }
}

/** Long enough for a fetch behind a request to end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function unavailability(promise: Promise<unknown>): Promise<number> {
  const error: unknown = await promise.then(
    () => expect.fail('was available'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof Unavailable)) throw error
  expect(error.message).to.equal('issuer unavailable')
  return error.retryAfter
}

describe('the keys of an issuer', () => {
  it('KEYS-05 are fetched when they are first asked for, and told of', async () => {
    const { issuer, keys, has } = issuerWith('a', 'b')
    expect(keys.current('a')).to.equal(undefined)
    expect([await has('a'), await has('b'), await has('c')]).to.deep.equal([true, true, false])
    expect(issuer.fetches).to.equal(1)
    expect(issuer.told).to.deep.equal([{ kind: 'key-set-fetched', keys: 2 }])
    expect(keys.current('a')?.key.equals(pairs.a.publicKey)).to.equal(true)
    expect(keys.current('c')).to.equal(undefined)
  })

  it('KEYS-05 have names: a token without one has none, and nothing is fetched for it', async () => {
    const { issuer, keys } = issuerWith('a')
    expect(await keys.find(undefined)).to.equal(undefined)
    expect(issuer.fetches).to.equal(0)
    await keys.find('a')
    expect([keys.current(undefined), await keys.find(undefined)]).to.deep.equal([undefined, undefined])
  })

  it('KEYS-04 an unknown kid is refused at once for 5 s after a fetch, then one fetch decides', async () => {
    const { issuer, has } = issuerWith('a')
    await has('a')
    issuer.answer = setOf('a', 'b')
    issuer.time += 5 * SECOND
    expect([await has('b'), issuer.fetches]).to.deep.equal([false, 1])
    issuer.time += 1
    expect([await has('b'), issuer.fetches]).to.deep.equal([true, 2])
    issuer.time += 5 * SECOND
    expect([await has('c'), issuer.fetches]).to.deep.equal([false, 2])
    issuer.time += 1
    expect([await has('c'), issuer.fetches]).to.deep.equal([false, 3])
  })

  it('KEYS-03 one fetch runs at a time: a hundred requests wait for it, and those with a known key do not', async () => {
    const { issuer, keys, has } = issuerWith('a')
    await has('a')
    issuer.answer = setOf('a', 'b')
    issuer.time += 6 * SECOND
    issuer.gate = Promise.withResolvers()
    const waiting = Promise.all(Array.from({ length: 100 }, () => has('b')))
    expect(await has('a')).to.equal(true)
    expect(keys.current('a')).not.to.equal(undefined)
    issuer.time += 6 * SECOND
    const late = has('b')
    expect(issuer.fetches).to.equal(2)
    issuer.gate.resolve()
    expect(await waiting).to.deep.equal(Array.from({ length: 100 }, () => true))
    expect([await late, issuer.fetches]).to.deep.equal([true, 2])
  })

  it('KEYS-03 counts the 5 s from where the last fetch began', async () => {
    const { issuer, has } = issuerWith('a')
    issuer.gate = Promise.withResolvers()
    const first = has('a')
    issuer.time += 2 * SECOND
    issuer.gate.resolve()
    expect(await first).to.equal(true)
    issuer.time += 3 * SECOND
    expect([await has('b'), issuer.fetches]).to.deep.equal([false, 1])
    issuer.time += 1
    expect([await has('b'), issuer.fetches]).to.deep.equal([false, 2])
  })

  it('KEYS-03 KEYS-04 a fetch that failed counts: for 5 s the last set decides', async () => {
    const { issuer, has } = issuerWith('a')
    await has('a')
    issuer.answer = DOWN
    issuer.time += 6 * SECOND
    expect([await has('b'), await has('a'), issuer.fetches]).to.deep.equal([false, true, 2])
    expect(issuer.told.at(-1)).to.deep.equal({ kind: 'key-set-failed', reason: 'answered with status 500' })
    issuer.answer = setOf('a', 'b')
    issuer.time += 5 * SECOND
    expect([await has('b'), issuer.fetches]).to.deep.equal([false, 2])
    issuer.time += 1
    expect([await has('b'), issuer.fetches]).to.deep.equal([true, 3])
  })

  it('KEYS-02 a set that is unusable is a failed fetch: the last one stands', async () => {
    const { issuer, has } = issuerWith('a')
    await has('a')
    issuer.answer = valid(JSON.stringify({ keys: [jwkOf(pairs.b, { kid: 'b' }), { kty: 'oct', k: 'AAAA' }] }))
    issuer.time += 6 * SECOND
    expect([await has('b'), await has('a')]).to.deep.equal([false, true])
    expect(issuer.told.at(-1)).to.deep.equal({ kind: 'key-set-failed', reason: 'has a symmetric key' })
  })

  it('KEYS-05 are fetched again from 4 minutes on, behind the requests', async () => {
    const { issuer, keys, has } = issuerWith('a')
    await has('a')
    issuer.answer = setOf('b')
    issuer.time += 4 * MINUTE - 1
    expect(await has('a')).to.equal(true)
    await settled()
    expect(issuer.fetches).to.equal(1)
    issuer.time += 1
    issuer.gate = Promise.withResolvers()
    expect(keys.current('a')).not.to.equal(undefined)
    expect([await has('a'), issuer.fetches]).to.deep.equal([true, 2])
    issuer.gate.resolve()
    await settled()
    expect([keys.current('a'), await has('a'), await has('b')]).to.deep.equal([undefined, false, true])
  })

  it('KEYS-05 a withdrawn key is refused within 5 minutes, by waiting for a fetch where nobody asked meanwhile', async () => {
    const { issuer, keys, has } = issuerWith('a')
    await has('a')
    issuer.answer = setOf('b')
    issuer.time += 5 * MINUTE
    expect(keys.current('a')).to.equal(undefined)
    expect([await has('a'), await has('b'), issuer.fetches]).to.deep.equal([false, true, 2])
  })

  it('KEYS-05 a set is as old as its fetch was begun', async () => {
    const { issuer, keys, has } = issuerWith('a')
    issuer.gate = Promise.withResolvers()
    const first = has('a')
    issuer.time += 2 * SECOND
    issuer.gate.resolve()
    await first
    issuer.time += 5 * MINUTE - 2 * SECOND
    expect(keys.current('a')).to.equal(undefined)
  })

  it('KEYS-05 a key that stayed is the same object after a fetch, and one that changed is not', async () => {
    const { issuer, keys, has } = issuerWith('a', 'b')
    await has('a')
    const before = { a: keys.current('a'), b: keys.current('b') }
    issuer.answer = valid(JSON.stringify({ keys: [jwkOf(pairs.a, { kid: 'a' }), jwkOf(pairs.c, { kid: 'b' })] }))
    issuer.time += 6 * SECOND
    await has('c')
    expect(keys.current('a')).to.equal(before.a)
    expect(keys.current('b')?.key.equals(pairs.c.publicKey)).to.equal(true)
    issuer.answer = valid(JSON.stringify({ keys: [jwkOf(pairs.a, { kid: 'a', alg: 'ES256' })] }))
    issuer.time += 6 * SECOND
    await has('c')
    expect(keys.current('a')?.algorithms).to.deep.equal([])
  })

  it('KEYS-06 the last set serves for 24 h while the issuer is down, and then no set does', async () => {
    const { issuer, has } = issuerWith('a')
    await has('a')
    issuer.answer = DOWN
    const until = issuer.time + 24 * HOUR
    while (issuer.time < until - 1) {
      expect([await has('a'), await has('b')]).to.deep.equal([true, false])
      issuer.time = Math.min(issuer.time + 10 * MINUTE, until - 1)
    }
    expect(await has('a')).to.equal(true)
    issuer.time = until
    for (const kid of ['a', 'b']) expect(await unavailability(has(kid))).to.equal(5)
    issuer.answer = setOf('a')
    issuer.time += 5 * SECOND + 1
    expect([await has('a'), await has('b')]).to.deep.equal([true, false])
  })

  it('KEYS-06 never had a set: unavailable, with one fetch in 5 s, and good again as soon as one succeeds', async () => {
    const { issuer, keys } = issuerWith()
    issuer.answer = DOWN
    expect(await unavailability(keys.find('a'))).to.equal(5)
    issuer.answer = setOf('a')
    issuer.time += 5 * SECOND
    expect(await unavailability(keys.find('a'))).to.equal(5)
    expect([keys.current('a'), issuer.fetches]).to.deep.equal([undefined, 1])
    issuer.time += 1
    expect([(await keys.find('a')) === undefined, issuer.fetches]).to.deep.equal([false, 2])
  })

  it('KEYS-06 nobody waits for an issuer that was down within the last 10 s, and it is asked again behind the requests', async () => {
    const { issuer, keys, has } = issuerWith('a')
    await has('a')
    issuer.answer = DOWN
    issuer.time += 6 * MINUTE
    expect(keys.current('a')).to.equal(undefined)
    expect(await has('a')).to.equal(true)
    issuer.gate = Promise.withResolvers()
    issuer.time += 5 * SECOND + 1
    expect([await has('a'), issuer.fetches]).to.deep.equal([true, 3])
    issuer.answer = setOf('b')
    issuer.gate.resolve()
    await settled()
    issuer.gate = undefined
    issuer.time += 10 * SECOND
    expect([keys.current('a') === undefined, issuer.fetches]).to.deep.equal([false, 4])
    await settled()
    expect(keys.current('a')).to.equal(undefined)
  })

  it('KEYS-05 KEYS-06 a failure over 10 s old says nothing of now: a request waits, and a withdrawn key is gone', async () => {
    const { issuer, keys, has } = issuerWith('a')
    await has('a')
    issuer.answer = DOWN
    issuer.time += 6 * MINUTE
    await has('a')
    issuer.answer = setOf('b')
    issuer.time += 10 * SECOND + 1
    expect(keys.current('a')).to.equal(undefined)
    expect([await has('a'), await has('b')]).to.deep.equal([false, true])
  })

  it('KEYS-06 a success ends the outage: a set over 5 minutes old is waited for again', async () => {
    const { issuer, keys, has } = issuerWith('a')
    issuer.answer = DOWN
    await unavailability(has('a'))
    issuer.answer = setOf('a')
    issuer.time += 6 * SECOND
    expect(await has('a')).to.equal(true)
    issuer.time += 5 * MINUTE
    expect(keys.current('a')).to.equal(undefined)
  })
})

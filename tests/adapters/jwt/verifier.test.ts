import { createPublicKey } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createKeySet } from '../../../src/adapters/jwt/key-set.ts'
import { ALGORITHMS, fixedKeys, type Keys, secretKeys, type VerificationKey } from '../../../src/adapters/jwt/keys.ts'
import { createVerifier, type VerifierOptions } from '../../../src/adapters/jwt/verifier.ts'
import { Unavailable } from '../../../src/application/ports.ts'
import { valid } from '../../../src/domain/checked.ts'
import { BY_KEY_SET, CLAIMS, DAY, EXPECTED, ecPair, edPair, encode, encodeJson, jwkOf, NOW, refusalOf, rsaPair, signedOf, tokenOf } from './tokens.ts'

const trusted = edPair()
const verificationKeyOf = (pair = trusted): VerificationKey => ({ key: pair.publicKey, algorithms: ['EdDSA'] })

/** A verifier over one trusted key, and a clock that the test moves. */
function verifierWith(options: Partial<VerifierOptions> = {}) {
  const clock = { seconds: NOW }
  const keys = fixedKeys(new Map([['k1', verificationKeyOf()]]))
  const verifier = createVerifier({ keys, algorithms: BY_KEY_SET, ...EXPECTED, clock: () => clock.seconds * 1_000, ...options })
  return { verify: (token: string) => verifier.verify(token), clock }
}

/** Keys that change, and count how often they are asked. */
function changingKeys() {
  const state = { key: verificationKeyOf() as VerificationKey | undefined, isCurrent: true, finds: 0 }
  const keys: Keys = {
    current: () => (state.isCurrent ? state.key : undefined),
    find: async () => {
      state.finds++
      return state.key
    },
  }
  return { state, keys }
}

describe('the verifier', () => {
  it('KEYS-05 LIVE-05 tells of the claims that it gave whether their key is still good, and asks for it where that is not known', async () => {
    const { state, keys } = changingKeys()
    const verifier = createVerifier({ keys, algorithms: BY_KEY_SET, ...EXPECTED, clock: () => NOW * 1_000 })
    const claims = await verifier.verify(tokenOf(trusted.privateKey))
    const found = state.finds
    expect(await verifier.isStillGood(claims)).to.equal(true)
    expect(await verifier.isStillGood({ ...claims })).to.equal(false)
    expect(state.finds).to.equal(found)
    state.isCurrent = false
    expect(await verifier.isStillGood(claims)).to.equal(true)
    state.key = verificationKeyOf(edPair())
    expect(await verifier.isStillGood(claims)).to.equal(false)
    state.key = undefined
    expect(await verifier.isStillGood(claims)).to.equal(false)
    expect(state.finds).to.equal(found + 3)
  })

  it('AUTH-04 AUTH-06 accepts a good token of every algorithm on the list', async () => {
    const pairs = { EdDSA: edPair(), ES256: ecPair('P-256'), ES384: ecPair('P-384'), ES512: ecPair('P-521'), RS256: rsaPair(), PS256: rsaPair() }
    const set = valid(JSON.stringify({ keys: Object.entries(pairs).map(([alg, pair]) => jwkOf(pair, { kid: alg, alg })) }))
    const keys = createKeySet({ download: async () => set, now: () => 0, tell: () => undefined })
    const { verify } = verifierWith({ keys, algorithms: [...BY_KEY_SET, 'ES384'] })
    for (const [alg, { privateKey }] of Object.entries(pairs)) {
      const claims = await verify(tokenOf(privateKey, { ...CLAIMS, scope: 'tasks:read', act: { sub: 'agent' } }, { alg, kid: alg }, alg))
      expect(claims, alg).to.deep.equal({ subject: 'alice', scope: 'tasks:read', actor: 'agent', expiresAt: NOW + 900 })
    }
  })

  it('AUTH-02 says the reason to the log only, and nothing of the token in it', async () => {
    const { verify } = verifierWith()
    const token = tokenOf(edPair().privateKey, { ...CLAIMS, email: 'alice@example.test' })
    const reason = await refusalOf(verify(token))
    expect(reason).to.equal('bad signature')
    for (const part of token.split('.')) expect(reason).not.to.include(part)
  })

  it("AUTH-06 refuses a signature that is another key's, changed, cut, lengthened, empty of content or of another text", async () => {
    const { verify } = verifierWith()
    const [header = '', payload = '', signature = ''] = tokenOf(trusted.privateKey).split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const changed = bytes.map((byte, at) => (at === 10 ? byte ^ 1 : byte))
    for (const wrong of [changed, bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from([0])]), Buffer.alloc(64), Buffer.alloc(1)]) {
      expect(await refusalOf(verify(`${header}.${payload}.${encode(wrong)}`))).to.equal('bad signature')
    }
    expect(await refusalOf(verify(`${header}.${encodeJson({ ...CLAIMS, sub: 'bob' })}.${signature}`))).to.equal('bad signature')
    expect(await refusalOf(verify(`${encodeJson({ alg: 'EdDSA', kid: 'k1', typ: 'JWT' })}.${payload}.${signature}`))).to.equal('bad signature')
    expect((await verify(`${header}.${payload}.${signature}`)).subject).to.equal('alice')
  })

  it('AUTH-04 refuses a signature whose scalar was put beyond the order of the group', async () => {
    const [header, payload, signature = ''] = tokenOf(trusted.privateKey).split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const littleEndian = (part: Uint8Array): bigint => BigInt(`0x${Buffer.from(part).reverse().toString('hex')}`)
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const scalar = Buffer.from((littleEndian(bytes.subarray(32)) + order).toString(16).padStart(64, '0'), 'hex').reverse()
    const malleated = Buffer.concat([bytes.subarray(0, 32), scalar])
    expect(await refusalOf(verifierWith().verify(`${header}.${payload}.${encode(malleated)}`))).to.equal('bad signature')
  })

  it('AUTH-04 refuses a token without a signature, whatever none is called', async () => {
    const { verify } = verifierWith()
    for (const alg of ['none', 'None', 'nOnE', 'NONE', '']) {
      const unsigned = `${encodeJson({ alg, kid: 'k1' })}.${encodeJson(CLAIMS)}`
      expect(await refusalOf(verify(`${unsigned}.`))).to.equal('not three base64url parts')
      expect(await refusalOf(verify(`${unsigned}.${encode('x')}`))).to.equal('algorithm not allowed')
    }
  })

  it('AUTH-04 refuses an HMAC made with the public key, even where HS256 is on the list', async () => {
    const rsa = rsaPair()
    for (const pair of [trusted, rsa]) {
      const keys = fixedKeys(new Map([['k1', { key: pair.publicKey, algorithms: pair === rsa ? ALGORITHMS.RSA : ['EdDSA'] }]]))
      const jwk = pair.publicKey.export({ format: 'jwk' })
      const pem = pair.publicKey.export({ type: 'spki', format: 'pem' })
      const der = pair.publicKey.export({ type: 'spki', format: 'der' })
      for (const secret of [pem, der, JSON.stringify(jwk), Buffer.from(jwk.x ?? jwk.n ?? '', 'base64url'), '', 'secret']) {
        const token = tokenOf(secret, CLAIMS, { alg: 'HS256', kid: 'k1' }, 'HS256')
        expect(await refusalOf(verifierWith({ keys }).verify(token))).to.equal('algorithm not allowed')
        expect(await refusalOf(verifierWith({ keys, algorithms: ['HS256', 'EdDSA', 'RS256'] }).verify(token))).to.equal("algorithm not the key's")
      }
    }
  })

  it("AUTH-04 refuses an algorithm of the list that is not the key's, though the key could do it", async () => {
    const rsa = rsaPair()
    const keys = fixedKeys(new Map([['k1', { key: rsa.publicKey, algorithms: ['RS256'] }]]))
    expect((await verifierWith({ keys }).verify(tokenOf(rsa.privateKey, CLAIMS, { alg: 'RS256', kid: 'k1' }, 'RS256'))).subject).to.equal('alice')
    expect(await refusalOf(verifierWith({ keys }).verify(tokenOf(rsa.privateKey, CLAIMS, { alg: 'PS256', kid: 'k1' }, 'PS256')))).to.equal(
      "algorithm not the key's",
    )
    expect(await refusalOf(verifierWith().verify(tokenOf(trusted.privateKey, CLAIMS, { alg: 'ES256', kid: 'k1' })))).to.equal("algorithm not the key's")
  })

  it('AUTH-05 refuses a token that brings its key along', async () => {
    const attacker = edPair()
    const header = { alg: 'EdDSA', kid: 'k1' }
    for (const more of [
      { jwk: attacker.publicKey.export({ format: 'jwk' }) },
      { jku: 'https://evil.example/jwks' },
      { x5u: 'https://evil.example/x' },
      { x5c: ['MIIB'] },
    ]) {
      expect(await refusalOf(verifierWith().verify(tokenOf(attacker.privateKey, CLAIMS, { ...header, ...more })))).to.match(/^header has /)
      expect(await refusalOf(verifierWith().verify(tokenOf(trusted.privateKey, CLAIMS, { ...header, ...more })))).to.match(/^header has /)
    }
  })

  it('KEYS-05 refuses a token that names no key, or one that is not there', async () => {
    const { verify } = verifierWith()
    for (const kid of [undefined, '', 'k2', 'K1', '__proto__', '../k1', "k1' or '1'='1"]) {
      expect(await refusalOf(verify(tokenOf(trusted.privateKey, CLAIMS, { alg: 'EdDSA', kid })))).to.equal('no such key')
    }
  })

  it('AUTH-03 refuses a payload that is no JSON object in UTF-8, or has a member twice, however well it is signed', async () => {
    const { verify } = verifierWith()
    const signed = (payload: string | Uint8Array): string => signedOf(encodeJson({ alg: 'EdDSA', kid: 'k1' }), encode(payload), 'EdDSA', trusted.privateKey)
    const text = JSON.stringify(CLAIMS)
    expect(await refusalOf(verify(signed('hello')))).to.equal('payload is not JSON')
    expect(await refusalOf(verify(signed(`\u{feff}${text}`)))).to.equal('payload is not JSON')
    expect(await refusalOf(verify(signed(Buffer.from('7b22737562223a22ff227d', 'hex'))))).to.equal('payload is not UTF-8')
    for (const other of ['1', 'null', '"alice"', `[${text}]`]) expect(await refusalOf(verify(signed(other)))).to.equal('payload is not an object')
    expect(await refusalOf(verify(signed(text.replace('{', '{"sub":"bob",'))))).to.equal('payload has a member twice')
    expect(await refusalOf(verify(signed(text.replace('{', '{"s\\u0075b":"bob",'))))).to.equal('payload has a member twice')
    expect(await refusalOf(verify(signed(text.replace(/"exp":\d+/, '"exp":1e999'))))).to.equal('exp is not a time')
    expect(await refusalOf(verify(signed(text.replace('{', '{"x":{"a":[{"b":1,"b":1}]},'))))).to.equal('payload has a member twice')
  })

  it('AUTH-06 AUTH-07 AUTH-08 refuses claims that do not hold, however well they are signed', async () => {
    const { verify } = verifierWith()
    for (const [claims, reason] of [
      [{ iss: 'https://evil.example' }, 'another issuer'],
      [{ aud: 'https://evil.example' }, 'another audience'],
      [{ sub: ' alice' }, 'unfit subject'],
      [{ exp: NOW - 5 }, 'expired'],
      [{ iat: NOW - DAY - 6, exp: NOW - 6 }, 'expired'],
      [{ iat: NOW + 6 }, 'issued in the future'],
      [{ nbf: NOW + 6 }, 'not yet good'],
      [{ exp: NOW + DAY + 1 }, 'lives too long'],
    ] as const) {
      expect(await refusalOf(verify(tokenOf(trusted.privateKey, { ...CLAIMS, ...claims }))), reason).to.equal(reason)
    }
  })

  it('AUTH-11 verifies by a shared secret, no kid wanted, HS256 and what else is allowed', async () => {
    const secret = Buffer.alloc(64, 'secret ')
    const { verify } = verifierWith({ keys: secretKeys(secret), algorithms: ['HS256'] })
    for (const kid of [undefined, 'any']) expect((await verify(tokenOf(secret, CLAIMS, { alg: 'HS256', kid }, 'HS256'))).subject).to.equal('alice')
    expect(await refusalOf(verify(tokenOf(Buffer.alloc(64, 'Secret '), CLAIMS, { alg: 'HS256' }, 'HS256')))).to.equal('bad signature')
    expect(await refusalOf(verify(tokenOf(secret, CLAIMS, { alg: 'HS512' }, 'HS512')))).to.equal('algorithm not allowed')
    expect(await refusalOf(verify(tokenOf(trusted.privateKey)))).to.equal('algorithm not allowed')
    for (const alg of ['HS384', 'HS512']) {
      const wide = verifierWith({ keys: secretKeys(secret), algorithms: ['HS256', alg] })
      expect((await wide.verify(tokenOf(secret, CLAIMS, { alg }, alg))).subject).to.equal('alice')
    }
  })

  it('AUTH-11 takes a secret of 32 bytes, and none shorter', async () => {
    expect(() => secretKeys(Buffer.alloc(31))).to.throw(RangeError, '32 bytes')
    const secret = Buffer.alloc(32, 7)
    const { verify } = verifierWith({ keys: secretKeys(secret), algorithms: ['HS256'], issuer: undefined, audience: undefined })
    expect((await verify(tokenOf(secret, { sub: 'alice', iat: NOW, exp: NOW + 1 }, { alg: 'HS256' }, 'HS256'))).subject).to.equal('alice')
  })

  it('KEYS-06 leaves an outage an outage', async () => {
    const keys: Keys = { current: () => undefined, find: () => Promise.reject(new Unavailable('issuer')) }
    const error: unknown = await verifierWith({ keys })
      .verify(tokenOf(trusted.privateKey))
      .catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(Unavailable)
  })

  it('AUTH-02 leaves a fault of its own a fault: a key that does not fit its algorithm is no flaw of the token', async () => {
    const keys = fixedKeys(new Map([['k1', { key: createPublicKey(rsaPair().privateKey), algorithms: ['EdDSA'] }]]))
    const error: unknown = await verifierWith({ keys })
      .verify(tokenOf(trusted.privateKey))
      .catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(Error)
    expect(error).to.have.property('name').not.equal('InvalidToken')
  })
})

describe('a token that was verified before', () => {
  const token = tokenOf(trusted.privateKey)

  it('AUTH-10 is not verified again while its key is good', async () => {
    const { state, keys } = changingKeys()
    const { verify } = verifierWith({ keys })
    const first = await verify(token)
    expect([await verify(token), state.finds]).to.deep.equal([first, 1])
  })

  it('AUTH-10 is refused as soon as its time is over', async () => {
    const { verify, clock } = verifierWith()
    await verify(token)
    clock.seconds = NOW + 904.9
    expect((await verify(token)).subject).to.equal('alice')
    clock.seconds = NOW + 905
    expect(await refusalOf(verify(token))).to.equal('expired')
  })

  it('AUTH-10 AUTH-07 is refused as soon as it is too old', async () => {
    const { verify, clock } = verifierWith({ maxAge: 900 })
    await verify(token)
    clock.seconds = NOW - 6
    expect(await refusalOf(verify(token))).to.equal('issued in the future')
    const long = verifierWith({ maxAge: DAY })
    const dayLong = tokenOf(trusted.privateKey, { ...CLAIMS, iat: NOW - DAY + 10, exp: NOW + 10 })
    await long.verify(dayLong)
    long.clock.seconds = NOW + 15
    expect(await refusalOf(long.verify(dayLong))).to.equal('expired')
  })

  it('AUTH-10 is refused as soon as its key is withdrawn', async () => {
    const { state, keys } = changingKeys()
    const { verify } = verifierWith({ keys })
    await verify(token)
    state.key = undefined
    expect(await refusalOf(verify(token))).to.equal('no such key')
  })

  it('AUTH-10 is verified anew when its kid names another key, and refused where that did not sign it', async () => {
    const { state, keys } = changingKeys()
    const { verify } = verifierWith({ keys })
    await verify(token)
    state.key = verificationKeyOf(edPair())
    expect(await refusalOf(verify(token))).to.equal('bad signature')
    state.key = verificationKeyOf()
    expect([(await verify(token)).subject, state.finds]).to.deep.equal(['alice', 3])
    await verify(token)
    expect(state.finds).to.equal(3)
  })

  it('AUTH-10 asks for its key where none is known to be good right now', async () => {
    const { state, keys } = changingKeys()
    const { verify } = verifierWith({ keys })
    await verify(token)
    state.isCurrent = false
    expect([(await verify(token)).subject, state.finds]).to.deep.equal(['alice', 2])
  })

  it('AUTH-10 is not remembered where it was refused', async () => {
    const { state, keys } = changingKeys()
    const { verify, clock } = verifierWith({ keys })
    clock.seconds = NOW + 1_000
    await refusalOf(verify(token))
    clock.seconds = NOW
    await verify(token)
    expect(state.finds).to.equal(2)
  })

  it('AUTH-10 is one of 10,000 that are remembered', async () => {
    const { state, keys } = changingKeys()
    const { verify } = verifierWith({ keys })
    const tokens = Array.from({ length: 10_000 }, (_, at) => tokenOf(trusted.privateKey, { ...CLAIMS, jti: at }))
    await verify(token)
    for (const other of tokens.slice(1)) await verify(other)
    expect(state.finds).to.equal(10_000)
    await verify(token)
    expect(state.finds).to.equal(10_000)
    for (const other of [...tokens.slice(0, 1), ...tokens.slice(1, 2)]) await verify(other)
    expect(state.finds).to.equal(10_002)
  }).timeout(30_000)
})

describe('rotation under the verifier', () => {
  it('KEYS-05 AUTH-10 a withdrawn key takes its remembered tokens with it', async () => {
    const [old, next] = [edPair(), edPair()]
    const issuer = { time: 0, answer: JSON.stringify({ keys: [jwkOf(old, { kid: 'old' })] }) }
    const keys = createKeySet({ download: async () => valid(issuer.answer), now: () => issuer.time, tell: () => undefined })
    const { verify } = verifierWith({ keys })
    const [before, after] = [tokenOf(old.privateKey, CLAIMS, { alg: 'EdDSA', kid: 'old' }), tokenOf(next.privateKey, CLAIMS, { alg: 'EdDSA', kid: 'next' })]
    expect((await verify(before)).subject).to.equal('alice')
    issuer.answer = JSON.stringify({ keys: [jwkOf(next, { kid: 'next' })] })
    expect((await verify(before)).subject).to.equal('alice')
    expect(await refusalOf(verify(after))).to.equal('no such key')
    issuer.time = 5_001
    expect((await verify(after)).subject).to.equal('alice')
    expect(await refusalOf(verify(before))).to.equal('no such key')
  })
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readKeySet } from '../../../src/adapters/jwt/jwks.ts'
import { ecPair, edPair, jwkOf, rsaPair } from './tokens.ts'

const read = (...keys: unknown[]) => readKeySet(JSON.stringify({ keys }))
const unusable = (flaw: string) => ({ ok: false, flaw })

function algorithmsIn(...keys: unknown[]): Record<string, readonly string[]> {
  const set = read(...keys)
  if (!set.ok) throw new Error(set.flaw)
  return Object.fromEntries([...set.value].map(([kid, { algorithms }]) => [kid, algorithms]))
}

describe('a key set', () => {
  const ed = edPair()
  const rsa = rsaPair()
  const p256 = ecPair('P-256')

  it('KEYS-02 AUTH-04 is read: each key for the algorithms of its kind', () => {
    const keys = [
      jwkOf(ed, { kid: 'ed' }),
      jwkOf(p256, { kid: 'p256' }),
      jwkOf(ecPair('P-384'), { kid: 'p384' }),
      jwkOf(ecPair('P-521'), { kid: 'p521' }),
      jwkOf(rsa, { kid: 'rsa' }),
    ]
    expect(algorithmsIn(...keys)).to.deep.equal({
      ed: ['EdDSA'],
      p256: ['ES256'],
      p384: ['ES384'],
      p521: ['ES512'],
      rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
    })
    expect(algorithmsIn()).to.deep.equal({})
  })

  it('AUTH-04 gives a key that names its algorithm for that one only', () => {
    const named = [
      jwkOf(rsa, { kid: 'a', alg: 'PS256' }),
      jwkOf(p256, { kid: 'b', alg: 'ES521' }),
      jwkOf(ed, { kid: 'c', alg: 'EdDSA' }),
      jwkOf(ed, { kid: 'd', alg: 5 }),
    ]
    expect(algorithmsIn(...named)).to.deep.equal({ a: ['PS256'], b: [], c: ['EdDSA'], d: [] })
  })

  it('KEYS-02 passes over keys of unknown kind, for another use, or without a name', () => {
    const over = [
      { kty: 'AKP', alg: 'ML-DSA-44', pub: 'x', kid: '1' },
      { kty: 'OKP', crv: 'Ed448', x: 'x', kid: '2' },
      { kty: 'EC', crv: 'secp256k1', x: 'x', y: 'y', kid: '3' },
      { kty: 'EC', crv: 'toString', x: 'x', y: 'y', kid: '4' },
      { kty: 'toString', kid: '5' },
      { kid: '6' },
      {},
      jwkOf(ed, { kid: '7', use: 'enc' }),
      jwkOf(ed, { kid: '8', use: null }),
      jwkOf(ed, { kid: '9', key_ops: ['encrypt'] }),
      jwkOf(ed, { kid: '10', key_ops: 'verify' }),
      jwkOf(ed, { kid: 11 }),
      jwkOf(ed, {}),
    ]
    const used = [
      jwkOf(ed, { kid: 'a', use: 'sig' }),
      jwkOf(ed, { kid: 'b', key_ops: ['verify'] }),
      jwkOf(ed, { kid: '__proto__', use: 'sig', key_ops: ['sign', 'verify'] }),
    ]
    expect(Object.keys(algorithmsIn(...over, ...used))).to.deep.equal(['a', 'b', '__proto__'])
  })

  it('KEYS-02 is unusable with a symmetric key among others', () => {
    expect(read(jwkOf(ed, { kid: 'a' }), { kty: 'oct', k: 'AAAA', kid: 'b' })).to.deep.equal(unusable('has a symmetric key'))
    expect(read({ kty: 'oct' })).to.deep.equal(unusable('has a symmetric key'))
  })

  it('KEYS-02 is unusable with a private key, which anybody has read by now', () => {
    const published = { ...ed.privateKey.export({ format: 'jwk' }), kid: 'a' }
    expect(read(published)).to.deep.equal(unusable('has a private key'))
  })

  it('KEYS-02 is unusable with two keys of one kid, whatever they are for', () => {
    expect(read(jwkOf(ed, { kid: 'a' }), jwkOf(p256, { kid: 'a' }))).to.deep.equal(unusable('has two keys of one kid'))
    expect(read(jwkOf(ed, { kid: 'a' }), jwkOf(ed, { kid: 'a', use: 'enc' }))).to.deep.equal(unusable('has two keys of one kid'))
    expect(read(jwkOf(ed, { kid: 'a' }), jwkOf(ed, { kid: 'A' }), jwkOf(ed, {}), jwkOf(ed, {})).ok).to.equal(true)
  })

  it('KEYS-02 is unusable with an RSA key under 2,048 bits, one for another use included', () => {
    expect(read(jwkOf(rsaPair(2047), { kid: 'a' }))).to.deep.equal(unusable('has an RSA key under 2048 bits'))
    expect(read(jwkOf(rsaPair(1024), { kid: 'a', use: 'enc' }))).to.deep.equal(unusable('has an RSA key under 2048 bits'))
    expect(read(jwkOf(rsaPair(2048), { kid: 'a' })).ok).to.equal(true)
  })

  it('KEYS-02 is unusable with an RSA key of exponent 1, and usable with 3', () => {
    expect(read(jwkOf(rsa, { kid: 'a', e: 'AQ' }))).to.deep.equal(unusable('has an RSA key with the exponent 1'))
    expect(read(jwkOf(rsa, { kid: 'a', e: 'Ag' }))).to.deep.equal(unusable('has an RSA key with the exponent 1'))
    expect(read(jwkOf(rsaPair(2048, 3), { kid: 'a' })).ok).to.equal(true)
  })

  it('KEYS-02 is unusable with a point off its curve, or a key that lacks a part', () => {
    const { x, y } = p256.publicKey.export({ format: 'jwk' })
    for (const key of [
      jwkOf(p256, { y: x }),
      jwkOf(p256, { x: y }),
      jwkOf(p256, { crv: 'P-384' }),
      jwkOf(p256, { y: undefined }),
      jwkOf(p256, { y: 5 }),
      jwkOf(ed, { x: 'AAAA' }),
      jwkOf(ed, { x: undefined }),
      jwkOf(rsa, { n: undefined }),
      jwkOf(rsa, { e: undefined }),
      jwkOf(p256, { kty: 'RSA' }),
    ]) {
      expect(read(jwkOf(ed, { kid: 'good' }), { ...key, kid: 'a' }), JSON.stringify(key)).to.deep.equal(unusable('has a malformed key'))
    }
  })

  it('KEYS-01 is an object with a list of objects, and nothing else', () => {
    for (const text of ['null', '[]', '{}', '{"keys":null}', '{"keys":{}}', '{"keys":[1]}', '{"keys":[null]}', '{"keys":[[]]}', '"keys"']) {
      expect(readKeySet(text), text).to.deep.equal(unusable('is no key set'))
    }
    expect(readKeySet('<!doctype html><title>Sign in</title>')).to.deep.equal(unusable('is not JSON'))
    expect(readKeySet('{"keys":[],"keys":[]}')).to.deep.equal(unusable('has a member twice'))
  })
})

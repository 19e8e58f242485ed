import { expect } from 'chai'
import { describe, it } from 'mocha'
import { checkTimes, isSubject, readClaims } from '../../../src/adapters/jwt/claims.ts'
import { InvalidToken } from '../../../src/application/authentication.ts'
import { AUDIENCE, CLAIMS, DAY, EXPECTED, ISSUER, NOW } from './tokens.ts'

const read = (claims: object, expected: Parameters<typeof readClaims>[1] = EXPECTED) => readClaims({ ...CLAIMS, ...claims }, expected)
const refused = (act: () => unknown, reason: string, about?: unknown): void => {
  expect(act, JSON.stringify(about)).to.throw(InvalidToken, new RegExp(`^${reason}$`))
}
const without = (name: keyof typeof CLAIMS): object => ({ [name]: undefined })

describe('the claims of a token', () => {
  it('AUTH-09 are read: who, what they may do, who acts for them, and until when', () => {
    const user = { name: 'Alice', email: 'alice@example.test', emailVerified: true, id: 'bob', owner: 'bob' }
    expect(read({ ...user, scope: 'tasks:read', azp: 'web' })).to.deep.equal({
      claims: { subject: 'alice', scope: 'tasks:read', actor: 'web', expiresAt: NOW + 900 },
      times: { expiresAt: NOW + 900, issuedAt: NOW, notBefore: undefined },
    })
  })

  it('AUTH-06 name the issuer exactly', () => {
    for (const iss of [`${ISSUER}/`, ISSUER.toUpperCase(), `${ISSUER}.evil.example`, `${ISSUER}@evil.example`, '', null, [ISSUER], undefined]) {
      refused(() => read({ iss }), 'another issuer', iss)
    }
  })

  it('AUTH-06 name the audience exactly, alone or among strings', () => {
    for (const aud of [AUDIENCE, [AUDIENCE], ['x', AUDIENCE]]) expect(read({ aud }).claims.subject).to.equal('alice')
    for (const aud of [`${AUDIENCE}/`, 'x', '', null, undefined, [], ['x'], [[AUDIENCE]], [AUDIENCE, 1], [null, AUDIENCE], { 0: AUDIENCE }, true]) {
      refused(() => read({ aud }), 'another audience', aud)
    }
  })

  it('AUTH-11 may name anybody where no issuer or no audience is set', () => {
    expect(read({ iss: 5, aud: undefined }, { ...EXPECTED, issuer: undefined, audience: undefined }).claims.subject).to.equal('alice')
    expect(read({ iss: 'x', aud: 'x' }, { ...EXPECTED, issuer: undefined, audience: undefined }).claims.subject).to.equal('alice')
    refused(() => read({ iss: 'x', aud: 'x' }, { ...EXPECTED, issuer: undefined }), 'another audience')
    refused(() => read({ iss: 'x', aud: 'x' }, { ...EXPECTED, audience: undefined }), 'another issuer')
  })

  it('AUTH-07 have times that are finite numbers', () => {
    const wrong = ['1', `${NOW}`, '2099-01-01T00:00:00Z', null, true, [NOW], {}, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
    for (const time of [undefined, ...wrong]) {
      refused(() => read({ exp: time }), 'exp is not a time', time)
      refused(() => read({ iat: time }), 'iat is not a time', time)
    }
    for (const nbf of wrong) refused(() => read({ nbf }), 'nbf is not a time', nbf)
    expect(read({ exp: NOW + 0.5, iat: NOW - 0.5, nbf: 0 }).times).to.deep.equal({ expiresAt: NOW + 0.5, issuedAt: NOW - 0.5, notBefore: 0 })
  })

  it('AUTH-07 live for the maximum age and not a second longer', () => {
    expect(read({ iat: NOW, exp: NOW + DAY }).times.expiresAt).to.equal(NOW + DAY)
    refused(() => read({ iat: NOW, exp: NOW + DAY + 1 }), 'lives too long')
    refused(() => read({ exp: 1_700_000_000_000 }), 'lives too long')
    expect(read({ iat: NOW, exp: NOW + 60 }, { ...EXPECTED, maxAge: 60 }).times.issuedAt).to.equal(NOW)
    refused(() => read({ iat: NOW, exp: NOW + 61 }, { ...EXPECTED, maxAge: 60 }), 'lives too long')
  })

  it('AUTH-08 name the subject by a trimmed, well-formed string of 1 to 255 characters', () => {
    for (const sub of ['a', '__proto__', 'user_á', 'user_a\u0301', 'auth0|5f7c', 'ü'.repeat(255), '😀'.repeat(255), 'two words', "o'neill"]) {
      expect(read({ sub }).claims.subject).to.equal(sub)
    }
    for (const sub of [
      undefined,
      null,
      '',
      ' ',
      ' alice',
      'alice ',
      'alice\n',
      'alice\u{a0}',
      '\u{feff}alice',
      'al\u0000ice',
      'al\u001fice',
      'al\u007fice',
      'al\u009fice',
      'alice\ud800',
      '\udc00alice',
      'u'.repeat(256),
      '😀'.repeat(256),
      0,
      true,
      ['alice'],
      { $ne: null },
    ]) {
      refused(() => read({ sub }), 'unfit subject', sub)
    }
    refused(() => read(without('sub')), 'unfit subject')
    expect(isSubject('alice')).to.equal(true)
  })

  it('AUTH-09 PERM-03 give the scope as it came', () => {
    for (const scope of ['', 'tasks:read tasks:write', 5, null, ['tasks:read'], {}]) expect(read({ scope }).claims.scope).to.deep.equal(scope)
    expect(read({}).claims.scope).to.equal(undefined)
  })

  it('AUTH-09 name who acts: act.sub, else client_id, else azp', () => {
    const all = { act: { sub: 'agent' }, client_id: 'client', azp: 'party' }
    expect(read(all).claims.actor).to.equal('agent')
    expect(read({ ...all, act: undefined }).claims.actor).to.equal('client')
    expect(read({ azp: 'party' }).claims.actor).to.equal('party')
    expect(read({}).claims.actor).to.equal(undefined)
  })

  it('AUTH-09 leave out an actor that is no string fit to be kept', () => {
    for (const sub of [undefined, null, 5, '', ' agent', 'a\u0000', '\ud800', 'x'.repeat(256), {}]) {
      expect(read({ act: { sub }, client_id: 'client' }).claims.actor, JSON.stringify(sub)).to.equal('client')
      expect(read({ client_id: sub, azp: 'party' }).claims.actor, JSON.stringify(sub)).to.equal('party')
    }
    for (const act of [null, 'agent', ['agent'], 5]) expect(read({ act }).claims.actor).to.equal(undefined)
    const { sub: _, ...rest } = CLAIMS
    expect(readClaims({ ...rest, sub: 'alice', act: { act: { sub: 'inner' } } }, EXPECTED).claims.actor).to.equal(undefined)
  })
})

describe('the times of a token', () => {
  const times = { expiresAt: NOW + 100, issuedAt: NOW, notBefore: undefined }
  const check = (some: object, now: number, maxAge = DAY): void => checkTimes({ ...times, ...some }, now, maxAge)

  it('AUTH-07 let it pass until five seconds after its end', () => {
    expect(() => check({}, NOW + 100)).not.to.throw()
    expect(() => check({}, NOW + 104.999)).not.to.throw()
    refused(() => check({}, NOW + 105), 'expired')
    refused(() => check({ expiresAt: 0 }, NOW), 'expired')
  })

  it('AUTH-07 let it pass until five seconds after its maximum age', () => {
    const long = { expiresAt: NOW + 1_000 }
    expect(() => check(long, NOW + 65, 60)).not.to.throw()
    refused(() => check(long, NOW + 65.001, 60), 'too old')
  })

  it('AUTH-07 let it pass from five seconds before it was issued', () => {
    expect(() => check({ issuedAt: NOW + 5 }, NOW)).not.to.throw()
    refused(() => check({ issuedAt: NOW + 5.001 }, NOW), 'issued in the future')
  })

  it('AUTH-07 let it pass from five seconds before nbf', () => {
    expect(() => check({ notBefore: NOW + 5 }, NOW)).not.to.throw()
    expect(() => check({ notBefore: NOW - 1_000 }, NOW)).not.to.throw()
    refused(() => check({ notBefore: NOW + 5.001 }, NOW), 'not yet good')
  })
})

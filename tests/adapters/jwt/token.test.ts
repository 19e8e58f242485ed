import { expect } from 'chai'
import { describe, it } from 'mocha'
import { LONGEST_TOKEN, readToken } from '../../../src/adapters/jwt/token.ts'
import { InvalidToken } from '../../../src/application/authentication.ts'
import { encode, encodeJson } from './tokens.ts'

const HEADER = { alg: 'EdDSA', kid: 'k1' }
const SIGNATURE = encode('signature')
const read = (token: string) => readToken(token, ['EdDSA', 'ES256'])
const withHeader = (header: unknown): string => `${encodeJson(header)}.${encode('{}')}.${SIGNATURE}`
const withHeaderText = (header: string | Uint8Array): string => `${encode(header)}.${encode('{}')}.${SIGNATURE}`
const refused = (token: string, reason: string): void => {
  expect(() => read(token), token.slice(0, 200)).to.throw(InvalidToken, new RegExp(`^${reason}$`))
}

describe('the form of a token', () => {
  it('AUTH-03 is three parts, of which the header is read and the payload decoded', () => {
    const compact = `${encodeJson(HEADER)}.${encode('any bytes')}.${SIGNATURE}`
    expect(read(compact)).to.deep.equal({ compact, algorithm: 'EdDSA', kid: 'k1', payload: Buffer.from('any bytes') })
  })

  it('AUTH-03 has at most 8,192 characters', () => {
    const tokenOfLength = (length: number): string => {
      const rest = `${encodeJson(HEADER)}..${SIGNATURE}`.length
      return `${encodeJson(HEADER)}.${'A'.repeat(length - rest)}.${SIGNATURE}`
    }
    expect(LONGEST_TOKEN).to.equal(8192)
    expect(tokenOfLength(8192)).to.have.length(8192)
    expect(read(tokenOfLength(8192)).algorithm).to.equal('EdDSA')
    refused(tokenOfLength(8193), 'too long')
  })

  it('AUTH-03 has exactly three parts, none of them empty', () => {
    const [header, payload, signature] = [encodeJson(HEADER), encode('{}'), SIGNATURE]
    for (const token of [
      '',
      '.',
      '..',
      '...',
      header,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}..${signature}`,
      `.${payload}.${signature}`,
      `.${header}.${payload}.${signature}`,
      `${header}.${payload}.${signature}.`,
      `${header}.${payload}.${signature}.AAAA`,
      `${header}.${payload}.${signature}.AAAA.AAAA`,
      JSON.stringify({ protected: header, payload, signature }),
    ]) {
      refused(token, 'not three base64url parts')
    }
  })

  it('AUTH-03 has parts in canonical base64url, wherever the flaw is', () => {
    const parts = [encodeJson(HEADER), encode('{"a":1}'), encode('signature!')] as const
    expect(() => read(parts.join('.'))).not.to.throw()
    // "YQ" is canonical for one byte, "YR" has unused bits set; a lone "A" says nothing.
    for (const flaw of ['YR', 'A', 'YQ==', 'Y Q', ' YQ', 'YQ ', 'Y\tQ', 'YQ\n', 'Y+Q_', 'Y/Q_', 'YQ?', 'é']) {
      for (const at of parts.keys()) refused(parts.map((part, index) => (index === at ? flaw : part)).join('.'), 'not three base64url parts')
    }
  })

  it('AUTH-03 has a header in strict UTF-8', () => {
    refused(withHeaderText(Buffer.from('7b22616c67223a224564445341ff227d', 'hex')), 'header is not UTF-8')
    refused(withHeaderText(Buffer.from('7b22c0af223a317d', 'hex')), 'header is not UTF-8')
    refused(withHeaderText('\u{feff}{"alg":"EdDSA"}'), 'header is not JSON')
  })

  it('AUTH-03 has a header that is a JSON object', () => {
    refused(withHeaderText('{alg:EdDSA}'), 'header is not JSON')
    refused(withHeaderText('{"alg":"EdDSA"} x'), 'header is not JSON')
    for (const header of [null, 1, 'EdDSA', true, [], [{ alg: 'EdDSA' }]]) refused(withHeader(header), 'header is not an object')
  })

  it('AUTH-03 has no member twice in its header, however it is written', () => {
    refused(withHeaderText('{"alg":"none","alg":"EdDSA"}'), 'header has a member twice')
    refused(withHeaderText('{"alg":"EdDSA","kid":"k9","\\u006bid":"k1"}'), 'header has a member twice')
    refused(withHeaderText('{"alg":"EdDSA","x":[{"a":1,"a":1}]}'), 'header has a member twice')
  })
})

describe('the header of a token', () => {
  it('AUTH-04 has an algorithm of the allow-list, exactly', () => {
    expect(read(withHeader({ alg: 'ES256' }))).to.include({ algorithm: 'ES256', kid: undefined })
    for (const alg of [
      'none',
      'None',
      'NONE',
      '',
      'HS256',
      'ES384',
      'eddsa',
      'EdDSA ',
      ' EdDSA',
      '__proto__',
      'length',
      0,
      null,
      true,
      ['EdDSA'],
      { EdDSA: 1 },
    ]) {
      refused(withHeader({ ...HEADER, alg }), 'algorithm not allowed')
    }
    refused(withHeader({ kid: 'k1' }), 'algorithm not allowed')
    refused(withHeaderText('{"__proto__":{"alg":"EdDSA"}}'), 'algorithm not allowed')
  })

  it('AUTH-04 KEYS-05 names its key by a string, if at all', () => {
    expect(read(withHeader({ alg: 'EdDSA', kid: '' })).kid).to.equal('')
    for (const kid of [null, 1, true, ['k1'], { k1: 1 }]) refused(withHeader({ ...HEADER, kid }), 'kid is not a string')
  })

  it('AUTH-05 brings no key, extension, encryption or nesting along, whatever the value', () => {
    for (const name of ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'cty', 'enc']) {
      for (const value of ['x', null, false, [], {}]) refused(withHeader({ ...HEADER, [name]: value }), `header has ${name}`)
    }
  })

  it('AUTH-05 may have other parameters, which say nothing here', () => {
    expect(read(withHeader({ ...HEADER, x5t: 'x', 'x5t#S256': 'x', nonce: 'x', JWK: {} })).kid).to.equal('k1')
  })

  it('AUTH-05 has no type, or JWT, or at+jwt', () => {
    for (const typ of ['JWT', 'at+jwt']) expect(read(withHeader({ ...HEADER, typ })).kid).to.equal('k1')
    for (const typ of ['jwt', 'AT+JWT', 'application/at+jwt', 'logout+jwt', 'dpop+jwt', 'JOSE', '', null, 1, ['JWT']]) {
      refused(withHeader({ ...HEADER, typ }), 'another type of token')
    }
  })
})

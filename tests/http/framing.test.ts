import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Answer, answersIn, type Client, problemIn, serving, tokenOf } from './client.ts'

const HOST = 'Host: a\r\n'
const CLOSE = 'Connection: close\r\n'
const AUTH = `Authorization: Bearer ${tokenOf('ada')}\r\n`
const JSON_TYPE = 'Content-Type: application/json\r\n'
const GET = `GET /api/tasks HTTP/1.1\r\n${HOST}${AUTH}`
const POST = `POST /api/tasks HTTP/1.1\r\n${HOST}${AUTH}${JSON_TYPE}`

/** The one answer to these bytes; more than one is a fault. */
async function only(api: Client, bytes: string | readonly string[], options?: { fin?: boolean; wait?: number }): Promise<Answer> {
  const answers = answersIn(await api.raw(bytes, options))
  expect(answers, `answers to ${JSON.stringify(bytes).slice(0, 200)}`).to.have.length(1)
  return answers[0] ?? { status: 0, headers: {}, body: '' }
}

const isEmpty = async (api: Client): Promise<void> => {
  expect(JSON.parse((await api.get('/api/tasks')).body).items).to.deep.equal([])
}

describe('framing', () => {
  it(
    'HTTP-06 HTTP-09 what is not HTTP is 400, once, as a problem, and nothing of it is carried out',
    serving({}, async (api) => {
      const small = '{"title":"x"}'
      const broken = Object.entries({
        'no Host': `GET /api/tasks HTTP/1.1\r\n${AUTH}\r\n`,
        'a Host with a space': `GET /api/tasks HTTP/1.1\r\nHost: a b\r\n${AUTH}\r\n`,
        'a Host with a path': `GET /api/tasks HTTP/1.1\r\nHost: a/b\r\n${AUTH}\r\n`,
        'a Host with user information': `GET /api/tasks HTTP/1.1\r\nHost: a@b\r\n${AUTH}\r\n`,
        'no version': `GET /api/tasks\r\n${HOST}\r\n`,
        'bare LF': 'GET /api/tasks HTTP/1.1\nHost: a\n\n',
        'a method in lower case': `get /api/tasks HTTP/1.1\r\n${HOST}\r\n`,
        'a method that nobody knows': `FOO /api/tasks HTTP/1.1\r\n${HOST}\r\n`,
        'a folded header': `${GET}X-A: a\r\n b\r\n\r\n`,
        'a control character in a header': `${GET}X-A: a\x07\r\n\r\n`,
        'a space before the colon': `${GET}X-A : a\r\n\r\n`,
        'two equal lengths': `${POST}Content-Length: 13\r\nContent-Length: 13\r\n\r\n${small}`,
        'two different lengths': `${POST}Content-Length: 13\r\nContent-Length: 14\r\n\r\n${small}`,
        'a list of lengths': `${POST}Content-Length: 13, 13\r\n\r\n${small}`,
        'a length with a sign': `${POST}Content-Length: +13\r\n\r\n${small}`,
        'a length that is no number': `${POST}Content-Length: 1_3\r\n\r\n${small}`,
        'a negative length': `${POST}Content-Length: -1\r\n\r\n${small}`,
        'a length beyond 64 bits': `${POST}Content-Length: 99999999999999999999\r\n\r\n${small}`,
        'a length and chunks': `${POST}Content-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n${small}\r\n0\r\n\r\n`,
        'chunks under HTTP/1.0': `POST /api/tasks HTTP/1.0\r\n${AUTH}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\nd\r\n${small}\r\n0\r\n\r\n`,
        'another coding before chunked': `${POST}Transfer-Encoding: gzip, chunked\r\n\r\nd\r\n${small}\r\n0\r\n\r\n`,
        'chunked twice': `${POST}Transfer-Encoding: chunked, chunked\r\n\r\nd\r\n${small}\r\n0\r\n\r\n`,
        'a chunk size that overflows': `${POST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n`,
        'a chunk size with a sign': `${POST}Transfer-Encoding: chunked\r\n\r\n+d\r\n${small}\r\n0\r\n\r\n`,
        'a chunk size with a sign, without a token': `POST /api/tasks HTTP/1.1\r\n${HOST}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n+d\r\n${small}\r\n0\r\n\r\n`,
        'a chunk ended by a bare LF': `${POST}Transfer-Encoding: chunked\r\n\r\nd\n${small}\r\n0\r\n\r\n`,
        'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        'the hello of TLS': '\x16\x03\x01\x00\x00',
      })
      const answers = await Promise.all(broken.map(async ([why, bytes]) => [why, await only(api, bytes)] as const))
      for (const [why, answer] of answers) expect([problemIn(answer), answer.headers['connection']], why).to.deep.equal(['malformed-request', 'close'])
      await isEmpty(api)
    }),
  )

  it(
    'SEC-02 HTTP-09 at the edge of the parser: chunk sizes, hosts, targets and bytes of headers are refused once, or served once',
    serving({}, async (api) => {
      const chunked = (size: string): string => `${POST}Transfer-Encoding: chunked\r\n\r\n${size}\r\n{"title":"x"}\r\n0\r\n\r\n`
      const refused = Object.entries({
        'a chunk size with a minus': chunked('-d'),
        'a chunk size after a space': chunked(' d'),
        'a chunk size as a number of C': chunked('0xd'),
        'a chunk size of nothing': chunked(''),
        'a chunk size just beyond 64 bits': chunked('1000000000000000d'),
        'a chunk longer than its size': `${POST}Transfer-Encoding: chunked\r\n\r\nc\r\n{"title":"x"}\r\n0\r\n\r\n`,
        'a coding that is none': `${POST}Transfer-Encoding: xchunked\r\n\r\nd\r\n{"title":"x"}\r\n0\r\n\r\n`,
        'a coding after a tab of its own': `${POST}Transfer-Encoding: \x0bchunked\r\n\r\nd\r\n{"title":"x"}\r\n0\r\n\r\n`,
        'a coding that stands twice': `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\nd\r\n{"title":"x"}\r\n0\r\n\r\n`,
        'a length and chunks, the other way round': `${POST}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nd\r\n{"title":"x"}\r\n0\r\n\r\n`,
        'a length with a space in it': `${POST}Content-Length: 1 3\r\n\r\n{"title":"x"}`,
        'a length of nothing': `${POST}Content-Length:\r\n\r\n{"title":"x"}`,
        'a header that ends with a bare LF': `${GET}X-A: a\nX-B: b\r\n\r\n`,
        'a header that ends with a bare CR': `${GET}X-A: a\rX-B: b\r\n\r\n`,
        'a header folded by a tab': `${GET}X-A: a\r\n\tb\r\n\r\n`,
        'a first header that is folded': `GET /api/tasks HTTP/1.1\r\n ${HOST}\r\n`,
        'NUL in a header': `${GET}X-A: a\0b\r\n\r\n`,
        'NUL in a name': `${GET}X-\0A: a\r\n\r\n`,
        'a high byte in a name': `${GET}X-\xe9: a\r\n\r\n`,
        'a header without a name': `${GET}: a\r\n\r\n`,
        'a header without a colon': `${GET}X-A\r\n\r\n`,
        'a target of an authority': `GET a:80 HTTP/1.1\r\n${HOST}\r\n`,
        'a target with a space': `GET /api/tasks x HTTP/1.1\r\n${HOST}\r\n`,
        'a target with NUL': `GET /api/\0 HTTP/1.1\r\n${HOST}\r\n`,
      })
      const endless = only(api, `${chunked('ffffffffffffffff')}${'a'.repeat(110_000)}`, { wait: 8000 })
      // Each is followed by a request that would be carried out if the server took the end of the first to be elsewhere.
      const smuggled = `${POST}${CLOSE}Content-Length: 13\r\n\r\n{"title":"x"}`
      await Promise.all(
        refused.map(async ([why, bytes]) => {
          const answers = answersIn(await api.raw(`${bytes}${smuggled}`))
          expect([why, ...answers.map(({ status }) => status)]).to.deep.equal([why, 400])
        }),
      )
      await isEmpty(api)
      const served = Object.entries({
        'an empty Host': `GET /api/health/live HTTP/1.1\r\nHost:\r\n${CLOSE}\r\n`,
        'high bytes in a value': `GET /api/health/live HTTP/1.1\r\n${HOST}X-A: \xe9\xff\x80\r\n${CLOSE}\r\n`,
        'a target of https': `GET https://other.test:444/api/health/live HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
        'an upgrade to a web socket': `GET /api/health/live HTTP/1.1\r\n${HOST}Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
        'two spaces before the target': `GET  /api/health/live HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
        'empty lines before the request': `\r\n\r\nGET /api/health/live HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
      })
      for (const [why, bytes] of served) expect((await only(api, bytes)).status, why).to.equal(200)
      expect(problemIn(await only(api, `GET /api/tasks HTTP/1.1\r\n${HOST}Authorization: Bearer \xff\r\n${CLOSE}\r\n`)), 'high bytes in a token').to.equal(
        'invalid-token',
      )
      expect(problemIn(await endless), 'a chunk of 64 bits').to.equal('body-too-large')
      expect((await only(api, `CONNECT a:80 HTTP/1.1\r\n${HOST}\r\n${smuggled}`)).status, 'CONNECT').to.equal(405)
    }),
  )

  it(
    'HTTP-02 HTTP-13 a HEAD that cannot be read is answered without a body',
    serving({}, async (api) => {
      const large = `X-A: ${'a'.repeat(17_000)}\r\n\r\n`
      for (const [status, bytes] of [
        [431, `HEAD /api/tasks HTTP/1.1\r\n${HOST}${large}`],
        [400, `HEAD /api/tasks HTTP/1.1\r\n${HOST}X-A: a\r\n b\r\n\r\n`],
      ] as const) {
        const received = await api.raw(bytes)
        expect(received).to.match(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\\r\\nContent-Length: [1-9]\\d*\\r\\n[\\s\\S]*\\r\\n\\r\\n$`))
      }
    }),
  )

  it(
    'HTTP-09 a body cut short is 400, and nothing of it is kept',
    serving({}, async (api) => {
      expect(problemIn(await only(api, `${POST}Content-Length: 100\r\n\r\n{"title":"x"}`, { fin: true }))).to.equal('malformed-request')
      await isEmpty(api)
    }),
  )

  it(
    'HTTP-09 HTTP-20 a write whose body nobody wants is carried out only where that is whole',
    serving({}, async (api) => {
      const { path } = await api.make()
      const before = (await api.get(path)).body
      const broken: readonly (readonly [how: string, ...pieces: string[]])[] = [
        ['Transfer-Encoding: chunked', 'zz\r\n'],
        ['Transfer-Encoding: chunked', '1\r\n{\r\n', 'zz\r\n'],
        ['Transfer-Encoding: chunked', '5\r\n{'],
        ['Content-Length: 100', '{'],
      ]
      const writes = [`DELETE ${path}`, `PUT ${path}/completion`, `DELETE ${path}/completion`]
      for (const write of writes) {
        for (const [how, first = '', ...pieces] of broken) {
          const answer = await only(api, [`${write} HTTP/1.1\r\n${HOST}${AUTH}${how}\r\n\r\n${first}`, ...pieces], { fin: true })
          expect(problemIn(answer), `${write}, ${how}, ${pieces}`).to.equal('malformed-request')
        }
      }
      expect((await api.get(path)).body).to.equal(before)
      await api.ask('DELETE', path)
      const trashed = path.replace('tasks', 'trash')
      for (const write of ['DELETE /api/trash', `DELETE ${trashed}`, `POST ${trashed}/restoration`]) {
        const answer = await only(api, `${write} HTTP/1.1\r\n${HOST}${AUTH}Transfer-Encoding: chunked\r\n\r\nzz\r\n`)
        expect(problemIn(answer), write).to.equal('malformed-request')
      }
      expect(JSON.parse((await api.get('/api/trash')).body).items).to.have.lengthOf(1)
      const large = `DELETE /api/trash HTTP/1.1\r\n${HOST}${AUTH}Content-Length: 5000000\r\n\r\n`
      expect(problemIn(await only(api, large, { fin: true }))).to.equal('body-too-large')
      expect((await api.post(`${trashed}/restoration`, undefined)).status).to.equal(200)
    }),
  )

  it(
    'HTTP-09 what follows a whole request and is none is not carried out and not answered',
    serving({}, async (api) => {
      const { path } = await api.make()
      const smuggled = `DELETE ${path} HTTP/1.1\r\nHost: a`
      expect((await only(api, `${GET}Content-Length: ${smuggled.length}\r\n${CLOSE}\r\n${smuggled}`)).status).to.equal(200)
      expect((await only(api, `${GET}\r\n\x00junk\r\n\r\n`)).status).to.equal(200)
      expect((await api.get(path)).status).to.equal(200)
    }),
  )

  it(
    'HTTP-09 two requests in one piece are two answers, in their order',
    serving({}, async (api) => {
      const { path } = await api.make()
      const answers = answersIn(await api.raw(`GET ${path}x HTTP/1.1\r\n${HOST}${AUTH}\r\n${GET}${CLOSE}\r\n`))
      expect(answers.map(problemIn)).to.deep.equal(['not-found', 200])
    }),
  )

  it(
    'HTTP-09 a target in absolute form, an upgrade that nobody offers, and HTTP/1.0 without Host are served',
    serving({}, async (api) => {
      for (const bytes of [
        `GET http://other.test/api/health/live HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
        `GET /api/health/live HTTP/1.1\r\n${HOST}Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`,
        'GET /api/health/live HTTP/1.0\r\n\r\n',
      ]) {
        const answer = await only(api, bytes)
        expect([answer.status, answer.body], bytes).to.deep.equal([200, '{"status":"ok"}'])
      }
    }),
  )

  it(
    'HTTP-10 another version of HTTP is 505, or 400 where it cannot be read',
    serving({}, async (api) => {
      expect(problemIn(await only(api, `GET /api/tasks HTTP/2.0\r\n${HOST}${AUTH}\r\n`))).to.equal('http-version-not-supported')
      expect(problemIn(await only(api, `GET /api/tasks HTTP/1.2\r\n${HOST}${AUTH}\r\n`))).to.equal('malformed-request')
    }),
  )

  it(
    'HTTP-11 a header that may stand once and stands twice is 400',
    serving({}, async (api) => {
      for (const [name, value] of [
        ['Host', 'a'],
        ['Authorization', `Bearer ${tokenOf('ada')}`],
        ['Content-Type', 'application/json'],
        ['Idempotency-Key', '"k"'],
        ['If-Unmodified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
        ['Origin', 'https://a.test'],
        ['Last-Event-ID', '1'],
      ] as const) {
        const others = [name === 'Host' ? '' : HOST, name === 'Authorization' ? '' : AUTH, name === 'Content-Type' ? '' : JSON_TYPE].join('')
        const twice = `${name}: ${value}\r\n${name.toLowerCase()}: ${value}\r\n`
        expect(problemIn(await only(api, `POST /api/tasks HTTP/1.1\r\n${others}${twice}Content-Length: 13\r\n\r\n{"title":"x"}`)), name).to.equal(
          'malformed-header',
        )
      }
      await isEmpty(api)
      const lists = `GET /api/tasks HTTP/1.1\r\n${HOST}${AUTH}Accept: text/html\r\nAccept: application/json\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 1.2.3.4\r\n${CLOSE}\r\n`
      expect((await only(api, lists)).status, 'lists').to.equal(200)
    }),
  )

  it(
    'HTTP-30 of two faults of framing the earlier one is answered: version, Host, Expect, sizes, repeated headers, path',
    serving({}, async (api) => {
      const twice = `${JSON_TYPE}${JSON_TYPE}`
      const long = `/api/tasks?q=${'a'.repeat(8192)}`
      const faults: readonly (readonly [slug: string, target: string, headers: string])[] = [
        ['malformed-request', '/api/tasks', 'Host: a b\r\nExpect: coffee\r\n'],
        ['malformed-request', long, 'Host: a b\r\n'],
        ['malformed-request', '/api/tasks', `Host: a b\r\n${twice}`],
        ['expectation-failed', long, `${HOST}Expect: coffee\r\n`],
        ['expectation-failed', '/api/tasks', `${HOST}Expect: coffee\r\n${'a:b\r\n'.repeat(2001)}`],
        ['expectation-failed', '/api/tasks', `${HOST}Expect: coffee\r\n${twice}`],
        ['uri-too-long', long, `${HOST}${twice}`],
        ['headers-too-large', '/api/tasks', `${HOST}${twice}${'a:b\r\n'.repeat(2001)}`],
        ['malformed-header', '/api/%zz', `${HOST}${twice}`],
        ['malformed-header', 'ftp://a/api/tasks', `${HOST}${twice}`],
      ]
      for (const [slug, target, headers] of faults) {
        expect(problemIn(await only(api, `GET ${target} HTTP/1.1\r\n${headers}${CLOSE}\r\n`)), `${target.slice(0, 20)} ${headers.slice(0, 60)}`).to.equal(slug)
      }
    }),
  )

  it(
    'HTTP-12 a path with broken encoding, or of bytes that are not UTF-8, is 400, before any token',
    serving({}, async (api) => {
      for (const path of ['/api/tasks/%zz', '/api/tasks/%', '/api/tasks/%2', '/api/tasks/%C0%AF', '/api/tasks/%ff', '/api/tasks/%ED%A0%80']) {
        expect(problemIn(await api.get(path, { as: null })), path).to.equal('malformed-path')
      }
      for (const path of ['/api/tasks/\xe9', '/api/tasks#x', 'tasks', '*', 'ftp://a/api/tasks']) {
        expect((await only(api, `GET ${path} HTTP/1.1\r\n${HOST}\r\n`)).status, path).to.equal(400)
      }
    }),
  )

  it(
    'HTTP-13 a target over 8,192 characters is 414; headers over 16,384 bytes or 2,000 in number are 431',
    serving({}, async (api) => {
      const target = (length: number): string => `/api/health/live?${'a'.repeat(length)}`.slice(0, length)
      expect((await api.get(target(8192))).status).to.equal(200)
      expect(problemIn(await api.get(target(8193)))).to.equal('uri-too-long')
      expect(problemIn(await only(api, `GET ${target(30_000)} HTTP/1.1\r\n${HOST}\r\n`))).to.equal('uri-too-long')
      expect(problemIn(await api.get('/api/health/live', { headers: { 'X-A': 'a'.repeat(17_000) } }))).to.equal('headers-too-large')
      expect(problemIn(await api.get('/api/health/live', { headers: { Authorization: `Bearer ${'a'.repeat(20_000)}` } }))).to.equal('headers-too-large')
      const many = (count: number): string => `GET /api/health/live HTTP/1.1\r\n${HOST}${CLOSE}${'a:b\r\n'.repeat(count - 2)}\r\n`
      expect((await only(api, many(2000))).status).to.equal(200)
      expect(problemIn(await only(api, many(2001)))).to.equal('headers-too-large')
      /** Headers of so many bytes, in one of them or in many. */
      const exactly = (bytes: number, others: string): string =>
        `GET ${target(8192)} HTTP/1.1\r\n${HOST}${CLOSE}${others}X-B: ${'b'.repeat(bytes - `${HOST}${CLOSE}${others}X-B: \r\n`.length)}\r\n\r\n`
      for (const others of ['', 'a: b\r\n'.repeat(1900)]) {
        expect((await only(api, exactly(16_384, others))).status).to.equal(200)
        expect(problemIn(await only(api, exactly(16_385, others)))).to.equal('headers-too-large')
      }
    }),
  )

  it(
    'HTTP-31 an upgrade is not taken up, and what follows it on its connection is not waited for',
    serving({}, async (api) => {
      for (const protocol of ['h2c', 'websocket']) {
        const received = await api.raw(`${GET}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n${GET}\r\n`)
        expect(answersIn(received).map(problemIn), protocol).to.deep.equal([200])
        expect(received).to.match(/\r\nConnection: close\r\n/i)
      }
    }),
  )

  it(
    'HTTP-14 100 Continue goes out once the body is wanted, and any other expectation is 417',
    serving({}, async (api) => {
      const asking = `${POST}${CLOSE}Expect: 100-continue\r\nContent-Length: 13\r\n\r\n`
      const received = await api.raw([asking, '{"title":"x"}'])
      expect(received.startsWith('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 ')).to.equal(true)
      const unwanted = [
        `${POST}Expect: 100-continue\r\nContent-Length: 10000000\r\n\r\n`,
        `POST /api/tasks HTTP/1.1\r\n${HOST}${JSON_TYPE}Expect: 100-continue\r\nContent-Length: 13\r\n\r\n`,
      ]
      expect((await Promise.all(unwanted.map((bytes) => only(api, bytes)))).map(problemIn)).to.deep.equal(['body-too-large', 'missing-token'])
      const older = `POST /api/tasks HTTP/1.0\r\n${AUTH}${JSON_TYPE}Expect: 100-continue\r\nContent-Length: 13\r\n\r\n{"title":"x"}`
      expect((await api.raw(older)).startsWith('HTTP/1.1 201 '), 'HTTP/1.0').to.equal(true)
      for (const expectation of ['coffee', '100-continue, coffee', '200-ok']) {
        expect(problemIn(await only(api, `${POST}Expect: ${expectation}\r\nContent-Length: 2\r\n\r\n{}`)), expectation).to.equal('expectation-failed')
      }
    }),
  )

  it('HTTP-15 a client has 10 s for its headers and 15 s for the whole request, then 408 and the end', async function () {
    this.timeout(40_000)
    await serving({}, async (api) => {
      const timed = async (bytes: string): Promise<readonly [string | number, number]> => {
        const began = performance.now()
        const answer = await only(api, bytes, { wait: 25_000 })
        return [problemIn(answer), performance.now() - began]
      }
      const [headers, body, idle] = await Promise.all([
        timed('GET /api/tasks HTTP/1.1\r\nHost: a\r\nX-A: '),
        timed(`${POST}Content-Length: 50\r\n\r\n{"ti`),
        timed(''),
      ])
      expect(headers[0]).to.equal('request-timeout')
      expect(headers[1]).to.be.within(9_900, 11_000)
      expect(body[0]).to.equal('request-timeout')
      expect(body[1]).to.be.within(14_900, 16_000)
      expect(idle[0]).to.equal('request-timeout')
      await isEmpty(api)
    })()
  })

  it(
    'HTTP-16 an answer given before the body was read arrives whole',
    serving({}, async (api) => {
      const large = 'a'.repeat(3_900_000)
      for (const head of [
        `POST /api/tasks HTTP/1.1\r\n${HOST}${JSON_TYPE}`,
        POST,
        `POST /api/nope HTTP/1.1\r\n${HOST}`,
        `PUT /api/tasks/x/completion HTTP/1.1\r\n${HOST}${AUTH}`,
      ]) {
        for (const closing of ['', CLOSE]) {
          const answer = await only(api, `${head}${closing}Content-Length: ${large.length}\r\n\r\n${large}`, { wait: 8000 })
          expect(answer.body, head).to.include('"instance"')
        }
      }
    }),
  )

  it(
    'HTTP-16 of a body without end only so much is read: 4 MB, or 2 s',
    serving({}, async (api) => {
      const began = performance.now()
      const answer = await only(api, `${POST}Content-Length: 10737418240\r\n\r\n`, { wait: 8000 })
      expect(problemIn(answer)).to.equal('body-too-large')
      expect(performance.now() - began).to.be.within(1500, 4000)
      const beforeFlood = performance.now()
      await api.raw([`${POST}Content-Length: 10737418240\r\n\r\n`, 'a'.repeat(6_000_000)], { wait: 8000 })
      expect(performance.now() - beforeFlood).to.be.lessThan(1500)
    }),
  )
})

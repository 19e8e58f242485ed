import { expect } from 'chai'
import { describe, it } from 'mocha'
import { logTo } from '../../src/adapters/system/log.ts'
import type { AnsweredRequest, Observation } from '../../src/application/observation.ts'
import { serving, tokenOf } from './client.ts'

const answered = (told: readonly Observation[]): readonly AnsweredRequest[] => told.flatMap((one) => (one.kind === 'answered' ? [one.request] : []))

describe('what is told of requests', () => {
  it(
    'LOG-01 each request is one observation, with its id, method, pattern, status, time, and a pseudonym of the owner',
    serving({}, async (api) => {
      const answers = [
        await api.post('/api/tasks', { title: 'x' }),
        await api.get('/api/tasks?limit=1'),
        await api.get('/api/tasks/x'),
        await api.get('/api/tasks', { as: 'bob' }),
        await api.get('/api/tasks', { as: null }),
        await api.get('/api/tasks', { as: tokenOf('ada', undefined, 1) }),
        await api.get('/api/nope'),
        await api.ask('PUT', '/api/tasks'),
        await api.get('/api/tasks/%zz'),
      ]
      const told = answered(api.told)
      expect(told.map(({ id, status }) => [id, status])).to.deep.equal(answers.map(({ headers, status }) => [headers['x-request-id'], status]))
      expect(told.map(({ method, route, problem, reason }) => [method, route, problem, reason])).to.deep.equal([
        ['POST', '/api/tasks', undefined, undefined],
        ['GET', '/api/tasks', undefined, undefined],
        ['GET', '/api/tasks/:id', 'not-found', undefined],
        ['GET', '/api/tasks', undefined, undefined],
        ['GET', '/api/tasks', 'missing-token', undefined],
        ['GET', '/api/tasks', 'invalid-token', 'expired'],
        ['GET', undefined, 'not-found', undefined],
        ['PUT', undefined, 'method-not-allowed', undefined],
        ['GET', undefined, 'malformed-path', undefined],
      ])
      const [ada, again, , bob, nobody] = told.map(({ owner }) => owner)
      expect(ada).to.match(/^[0-9a-f]{16}$/)
      expect([again, bob === ada, nobody]).to.deep.equal([ada, false, undefined])
      for (const { milliseconds } of told) expect(milliseconds).to.be.within(0, 5000)
    }),
  )

  it(
    'LOG-01 what the parser could not read is one observation too',
    serving({}, async (api) => {
      await api.raw('nonsense\r\n\r\n')
      await api.raw('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')
      await api.raw('POST /api/tasks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\n')
      expect(answered(api.told).map(({ method, status, problem }) => [method, status, problem])).to.deep.equal([
        ['-', 400, 'malformed-request'],
        ['CONNECT', 405, 'method-not-allowed'],
        ['POST', 400, 'malformed-request'],
      ])
    }),
  )

  it(
    'TRACE-02 a request that names its trace has it told, and one that names it in no form that is known has none',
    serving({}, async (api) => {
      const trace = '0af7651916cd43dd8448eb211c80319c'
      const span = 'b7ad6b7169203331'
      for (const traceparent of [
        `00-${trace}-${span}-01`,
        `cc-${trace}-${span}-01-later`,
        `00-${trace}-${span}`,
        `00-${trace.toUpperCase()}-${span}-01`,
        `00-${'0'.repeat(32)}-${span}-01`,
        `00-${trace}-${'0'.repeat(16)}-01`,
        'sekret',
      ])
        await api.get('/api/tasks', { headers: { traceparent } })
      await api.get('/api/tasks')
      expect(answered(api.told).map((one) => one.trace)).to.deep.equal([trace, trace, ...Array(6).fill(undefined)])
    }),
  )

  it(
    'LOG-02 none of it holds a token, a claim, a query value, a path as sent, text of a body, or a control character',
    serving({}, async (api) => {
      const secret = 'sekret'
      const as = tokenOf(secret, `${secret} tasks:read tasks:write`)
      const { path } = await api.make({ title: secret, description: secret, tags: [secret] }, { as })
      await api.get(`/api/tasks?q=${secret}`, { as })
      await api.get(`/api/tasks?${secret}=1`, { as })
      await api.get(`/api/${secret}`, { as })
      await api.get(`/api/tasks/${secret}`, { as, headers: { 'X-Request-Id': secret, 'User-Agent': secret } })
      await api.patch(path, { [secret]: secret }, { as })
      await api.patch(path, {}, { as, headers: { 'If-Match': `"${secret}"`, 'Idempotency-Key': secret, 'Content-Type': 'application/json' } })
      await api.get('/api/tasks', { as: `${secret}.${secret}.${secret}.${secret}` })
      await api.raw(`${secret} /${secret}\x07\x1b[31m HTTP/1.1\r\n\r\n`)
      const written: string[] = []
      const tell = logTo({ write: (line: string) => void written.push(line) }, 'trace')
      for (const observation of api.told) tell(observation)
      const lines = written.join('')
      expect(lines.split('\n').filter((line) => line !== '')).to.have.length(api.told.length)
      expect(api.told.length).to.equal(9)
      expect(lines).to.not.include(secret)
      expect(lines).to.not.include(as)
      expect(lines).to.not.include(path.slice(-36))
      expect(lines.replaceAll('\n', '')).to.not.match(/\p{Cc}/u)
    }),
  )
})

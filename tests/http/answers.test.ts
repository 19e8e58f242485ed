import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Ports, Unavailable } from '../../src/application/ports.ts'
import { portsOver } from '../builders.ts'
import { type Answer, answersIn, problemIn, serving, tokenOf } from './client.ts'

/** Ports over a store that fails each time. */
function failing(cause: unknown): Ports {
  const fail = () => Promise.reject(cause)
  const ports = portsOver()
  return { ...ports, tasks: { of: (owner) => ({ ...ports.tasks.of(owner), read: fail, page: fail, load: fail, commit: fail, forget: fail }) } }
}

describe('answers', () => {
  it(
    'HTTP-06 every 4xx and 5xx is a problem with type, title, its own status and instance',
    serving({ settings: { requireIfMatch: true } }, async (api) => {
      const { path } = await api.make()
      const json = { headers: { 'Content-Type': 'application/json' } }
      const answers = {
        400: await api.get('/api/tasks?x=1'),
        401: await api.get('/api/tasks', { as: null }),
        403: await api.get('/api/tasks', { as: tokenOf('ada', '') }),
        404: await api.get('/api/nope'),
        405: await api.delete('/api/tasks'),
        406: await api.get('/api/tasks', { headers: { Accept: 'text/html' } }),
        409: await api.post('/api/tasks', { id: path.slice(-36), title: 'x' }),
        412: await api.patch(path, {}, { headers: { 'If-Match': '"0"' } }),
        413: await api.post('/api/tasks', 'a'.repeat(102_401), json),
        414: await api.get(`/api/tasks?q=${'a'.repeat(9000)}`),
        415: await api.post('/api/tasks', '{}'),
        422: await api.post('/api/tasks', '{', json),
        428: await api.patch(path, {}),
      }
      for (const [status, answer] of Object.entries(answers)) {
        const problem = JSON.parse(answer.body)
        expect(answer.headers['content-type'], status).to.equal('application/problem+json; charset=utf-8')
        expect([answer.status, problem.status], status).to.deep.equal([Number(status), Number(status)])
        expect(problem.type, status).to.match(/^\/api\/problems\/[a-z-]+$/)
        expect([typeof problem.title, problem.instance], status).to.deep.equal(['string', answer.headers['x-request-id']])
        expect((await api.get(problem.type, { as: null })).status, problem.type).to.equal(200)
      }
    }),
  )

  const secretive = Object.assign(new Error('relation "tasks" of db.internal:5432 in /srv/app/src/store.ts'), { detail: 'Key (title)=(secret)' })

  it(
    'HTTP-07 HTTP-08 a fault of our own is 500, is told with its cause, and the answer holds nothing of it',
    serving({ ports: failing(secretive) }, async (api) => {
      for (const answer of [
        await api.get('/api/tasks'),
        await api.post('/api/tasks', { title: 'x' }),
        await api.delete('/api/tasks/00000000-0000-4000-8000-000000000000'),
      ]) {
        expect(problemIn(answer)).to.equal('internal-error')
        expect(Object.keys(JSON.parse(answer.body))).to.deep.equal(['type', 'title', 'status', 'instance'])
        expect(`${JSON.stringify(answer.headers)}${answer.body}`).to.not.match(/tasks"|5432|srv|secret|Error|at \w/)
        expect(api.told).to.deep.include({ kind: 'failed', requestId: answer.headers['x-request-id'], cause: secretive })
      }
    }),
  )

  it(
    'HTTP-08 a database that is away is 503 with Retry-After',
    serving({ ports: failing(new Unavailable('database', { retryAfter: 3, cause: secretive })) }, async (api) => {
      const answer = await api.get('/api/tasks')
      expect([problemIn(answer), answer.headers['retry-after']]).to.deep.equal(['service-unavailable', '3'])
      expect(api.told.filter(({ kind }) => kind === 'failed')).to.have.length(1)
    }),
  )

  it(
    'HTTP-08 an issuer that is away is 503 with Retry-After, never 401',
    serving({ verifier: { verify: () => Promise.reject(new Unavailable('issuer')), isStillGood: async () => false } }, async (api) => {
      const answer = await api.get('/api/tasks')
      expect([problemIn(answer), answer.headers['retry-after'], answer.headers['www-authenticate']]).to.deep.equal(['service-unavailable', '1', undefined])
    }),
  )

  it(
    'HTTP-22 HTTP-23 every answer carries the headers that keep it safe, and an id of its own',
    serving({}, async (api) => {
      const { path } = await api.make()
      const own = { headers: { 'X-Request-Id': 'mine' } }
      const answers: Answer[] = [
        await api.get('/api/tasks', own),
        await api.get(path, own),
        await api.get(path, { headers: { 'If-None-Match': '*' } }),
        await api.patch(path, {}),
        await api.patch(path, {}, { headers: { 'If-Match': '"0"' } }),
        await api.get('/api/nope'),
        await api.ask('OPTIONS', path),
        await api.ask('HEAD', path),
        await api.get('/api/health/live'),
        await api.get('/api/docs'),
        await api.get('/api/problems/not-found'),
        await api.delete(path),
        ...answersIn(await api.raw('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')),
        ...answersIn(await api.raw('nonsense\r\n\r\n')),
        ...answersIn(await api.raw('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')),
      ]
      for (const { status, headers } of answers) {
        expect(headers['x-content-type-options'], String(status)).to.equal('nosniff')
        expect(headers['referrer-policy'], String(status)).to.equal('no-referrer')
        expect(headers['content-security-policy'], String(status)).to.match(/^default-src 'none'; .*frame-ancestors 'none'$/)
        expect(headers['cache-control'], String(status)).to.equal(headers['etag'] === undefined ? 'no-store' : 'private, no-cache')
        expect(headers['x-request-id'], String(status)).to.match(/^[0-9a-f-]{36}$/)
        expect(headers).to.not.have.any.keys('x-powered-by', 'server')
      }
      expect(new Set(answers.map(({ headers }) => headers['x-request-id']))).to.have.property('size', answers.length)
      expect(answers.filter(({ headers }) => headers['etag'] !== undefined)).to.have.length(6)
    }),
  )

  it(
    'HTTP-24 Location and Link are relative, whatever Host says',
    serving({}, async (api) => {
      const headers = { Host: 'evil.test', 'X-Forwarded-Host': 'evil.test', 'X-Forwarded-Proto': 'https', Forwarded: 'host=evil.test' }
      const made = await api.post('/api/tasks', { title: 'x' }, { headers: { ...headers, 'Content-Type': 'application/json' } })
      expect(made.headers['location']).to.match(/^\/api\/tasks\/[0-9a-f-]{36}$/)
      expect((await api.get(made.headers['location'] ?? '')).status).to.equal(200)
      await api.make()
      const page = await api.get('/api/tasks?limit=1', { headers })
      expect(page.headers['link']).to.match(/^<\/api\/tasks\?/)
      expect(JSON.stringify([made, page])).to.not.include('evil')
    }),
  )
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Answer, serving } from './client.ts'

const ORIGIN = 'https://app.example'
const LISTED = { settings: { corsOrigins: [ORIGIN, 'http://localhost:5173'] } }

const corsIn = ({ headers }: Answer): readonly string[] => Object.keys(headers).filter((name) => name.startsWith('access-control-'))

describe('CORS', () => {
  it(
    'CORS-01 an origin that is listed is allowed, problems included, and sees the headers that it needs',
    serving(LISTED, async (api) => {
      const headers = { Origin: ORIGIN }
      const { path } = await api.make()
      for (const answer of [
        await api.get('/api/tasks', { headers }),
        await api.get(path, { headers: { ...headers, 'If-None-Match': '*' } }),
        await api.patch(path, {}, { headers: { ...headers, 'Content-Type': 'application/json', 'If-Match': '"0"' } }),
        await api.get('/api/tasks', { headers, as: null }),
        await api.get('/api/nope', { headers }),
        await api.get('/api/tasks/%zz', { headers }),
        await api.get('/api/health/live', { headers }),
      ]) {
        expect(answer.headers['access-control-allow-origin'], String(answer.status)).to.equal(ORIGIN)
        expect(answer.headers['access-control-expose-headers']?.split(', '), String(answer.status)).to.have.members([
          'ETag',
          'Location',
          'Link',
          'Allow',
          'Accept-Patch',
          'Retry-After',
          'RateLimit',
          'RateLimit-Policy',
          'Taskward-Seq',
          'X-Request-Id',
        ])
      }
      expect((await api.get('/api/tasks', { headers: { Origin: 'http://localhost:5173' } })).headers['access-control-allow-origin']).to.equal(
        'http://localhost:5173',
      )
    }),
  )

  it(
    'CORS-02 its preflight allows the methods of the route and the headers that a request may have',
    serving(LISTED, async (api) => {
      const headers = { Origin: ORIGIN, 'Access-Control-Request-Method': 'PATCH', 'Access-Control-Request-Headers': 'authorization,if-match' }
      const { status, headers: got } = await api.ask('OPTIONS', '/api/tasks/x', { as: null, headers })
      expect([status, got['access-control-allow-origin'], got['access-control-allow-methods']]).to.deep.equal([204, ORIGIN, got['allow']])
      expect(got['access-control-allow-methods']?.split(', ')).to.include.members(['PUT', 'PATCH', 'DELETE'])
      expect(got['access-control-allow-headers']?.split(', ')).to.have.members([
        'Authorization',
        'Content-Type',
        'If-Match',
        'If-None-Match',
        'Idempotency-Key',
        'Last-Event-ID',
      ])
      expect(got).to.not.have.property('access-control-allow-credentials')
    }),
  )

  it(
    'CORS-03 any other origin gets no header of CORS and is served as ever; every answer varies by origin',
    serving(LISTED, async (api) => {
      for (const origin of [
        'null',
        `${ORIGIN}.evil.test`,
        'https://evilapp.example',
        'http://app.example',
        `${ORIGIN}:443`,
        ORIGIN.toUpperCase(),
        `${ORIGIN}/`,
        '*',
        '',
      ]) {
        const headers = { Origin: origin, 'Access-Control-Request-Method': 'GET' }
        const [got, preflight] = [await api.get('/api/tasks', { headers }), await api.ask('OPTIONS', '/api/tasks', { as: null, headers })]
        expect([got.status, preflight.status, ...corsIn(got), ...corsIn(preflight)], origin).to.deep.equal([200, 204])
        expect([got.headers['vary'], preflight.headers['vary']], origin).to.deep.equal(['Origin', 'Origin'])
      }
      const without = await api.get('/api/tasks')
      expect([without.headers['vary'], ...corsIn(without)]).to.deep.equal(['Origin'])
    }),
  )

  it(
    'CORS-03 where no origin is listed, none is allowed and nothing varies',
    serving({}, async (api) => {
      const answer = await api.get('/api/tasks', { headers: { Origin: ORIGIN } })
      expect([answer.status, answer.headers['vary'], ...corsIn(answer)]).to.deep.equal([200, undefined])
    }),
  )
})

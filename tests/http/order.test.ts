import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Client, problemIn, type Sent, serving, tokenOf } from './client.ts'
import { EventSource } from './event-source.ts'

const LARGE = 'a'.repeat(102_401)
const SINCE_PAST = 'Thu, 01 Jan 1970 00:00:00 GMT'

/** A fault that a request can have: what makes it so, and what it is answered with when nothing earlier is wrong. */
interface Fault {
  readonly slug: string
  readonly sent: {
    readonly as?: string | null
    readonly path?: string
    readonly query?: string
    readonly headers?: Record<string, string>
    readonly body?: string
  }
}

/** In the order of the checks. Each is put together with each later one. */
const FAULTS: readonly Fault[] = [
  { slug: 'expectation-failed', sent: { headers: { Expect: 'coffee' } } },
  { slug: 'malformed-path', sent: { path: '/api/tasks/%zz' } },
  { slug: 'not-found', sent: { path: '/api/tasks/x/y/z' } },
  { slug: 'missing-token', sent: { as: null } },
  { slug: 'insufficient-permission', sent: { as: tokenOf('ada', 'other') } },
  { slug: 'malformed-query', sent: { query: '?x=1' } },
  { slug: 'not-acceptable', sent: { headers: { Accept: 'text/html' } } },
  { slug: 'not-found', sent: { path: '/api/tasks/00000000-0000-4000-8000-000000000000' } },
  { slug: 'unsupported-media-type', sent: { headers: { 'Content-Type': 'text/plain' } } },
  { slug: 'body-too-large', sent: { body: LARGE } },
  { slug: 'malformed-header', sent: { headers: { 'If-Match': 'x' } } },
  { slug: 'precondition-failed', sent: { headers: { 'If-None-Match': '*' } } },
  { slug: 'validation', sent: { body: '{"title":1}' } },
]

/** A later fault that says something else of the same part of a request cannot be there as well. */
const go = (one: Fault['sent'], other: Fault['sent']): boolean =>
  (one.path === undefined || other.path === undefined) &&
  (one.as === undefined || other.as === undefined) &&
  (one.body === undefined || other.body === undefined)

async function ask(api: Client, method: 'PUT' | 'PATCH', own: string, parts: readonly Fault['sent'][]): Promise<string | number> {
  const { as, path, query, headers, body } = Object.assign({}, ...parts, {
    headers: Object.assign({ 'Content-Type': 'application/json' }, ...parts.map((part) => part.headers)),
  })
  const sent: Sent = { as: as === undefined ? 'ada' : as, headers, body: body ?? '{"title":"x"}' }
  return problemIn(await api.ask(method, `${path ?? own}${query ?? ''}`, sent))
}

describe('the order of the checks', () => {
  for (const method of ['PUT', 'PATCH'] as const) {
    it(
      `HTTP-30 of two faults of one ${method} the earlier one is answered`,
      serving({}, async (api) => {
        const { path, etag } = await api.make()
        for (const [at, first] of FAULTS.entries()) {
          expect(await ask(api, method, path, [first.sent]), first.slug).to.equal(first.slug)
          for (const second of FAULTS.slice(at + 1).filter(({ sent }) => go(first.sent, sent))) {
            expect(await ask(api, method, path, [second.sent, first.sent]), `${first.slug} and ${second.slug}`).to.equal(first.slug)
          }
        }
        expect((await api.get(path)).headers['etag']).to.equal(etag)
      }),
    )
  }

  it(
    'HTTP-30 with a key the body comes first: 415 and 413, then what is kept, then ownership',
    serving({}, async (api) => {
      const { path } = await api.make()
      const keyed = (more: Record<string, string> = {}) => ({ 'Content-Type': 'application/json', 'Idempotency-Key': 'k', ...more })
      const missing = '/api/tasks/00000000-0000-4000-8000-000000000000'
      expect((await api.patch(path, '{"title":"x"}', { headers: keyed() })).status).to.equal(200)
      const asked = async (on: string, body: string, headers: Record<string, string>) => problemIn(await api.patch(on, body, { headers }))
      expect(await asked(`${path}?x=1`, LARGE, keyed({ 'Idempotency-Key': '' })), 'query').to.equal('malformed-query')
      expect(await asked(path, LARGE, keyed({ 'Idempotency-Key': '', 'Content-Type': 'text/plain' })), 'key').to.equal('malformed-header')
      expect(await asked(missing, LARGE, keyed({ 'Content-Type': 'text/plain' })), 'type').to.equal('unsupported-media-type')
      expect(await asked(missing, LARGE, keyed()), 'size').to.equal('body-too-large')
      expect(await asked('/api/tasks/x', LARGE, keyed()), 'size, where the id is none').to.equal('body-too-large')
      expect(await asked(missing, '{', keyed({ 'If-Match': 'x' })), 'ownership').to.equal('not-found')
      expect(await asked(path, '{', keyed({ 'If-Match': 'x' })), 'what is kept').to.equal('idempotency-key-reused')
      expect(await asked(path, '{"title":"x"}', keyed({ 'If-Match': 'x' })), 'given again').to.equal(200)
      expect(await asked(path, '{"title":1}', keyed({ 'Idempotency-Key': 'l', 'If-Match': '"0"' })), 'precondition').to.equal('precondition-failed')
      expect(await asked(path, '{"title":1}', keyed({ 'Idempotency-Key': 'l' })), 'body').to.equal('validation')
    }),
  )

  it(
    'HTTP-30 a malformed precondition, then one that is wanted, then one that failed, then the body',
    serving({ settings: { requireIfMatch: true } }, async (api) => {
      const { path, etag } = await api.make()
      const asked = async (headers: Record<string, string>) =>
        problemIn(await api.patch(path, '{"title":1}', { headers: { 'Content-Type': 'application/json', ...headers } }))
      expect(await asked({ 'If-None-Match': 'x' })).to.equal('malformed-header')
      expect(await asked({ 'If-None-Match': '*' })).to.equal('precondition-required')
      expect(await asked({ 'If-Unmodified-Since': SINCE_PAST })).to.equal('precondition-required')
      expect(await asked({ 'If-Match': '"0"' })).to.equal('precondition-failed')
      expect(await asked({ 'If-Match': etag })).to.equal('validation')
    }),
  )

  it(
    'HTTP-30 a creation: body, then an id that is taken, then quotas',
    serving({}, async (api) => {
      const { id } = await api.make()
      expect(problemIn(await api.post('/api/tasks', { id, title: '' }))).to.equal('validation')
      expect(problemIn(await api.post('/api/tasks', { id, title: 'x' }))).to.equal('already-exists')
    }),
  )

  it(
    'HTTP-30 the address’s 429 before the token, the owner’s before the permission',
    serving({ settings: { rateLimit: 1 } }, async (api) => {
      await api.get('/api/tasks')
      expect(problemIn(await api.get('/api/tasks', { as: tokenOf('ada', '') }))).to.equal('quota-exceeded')
      expect(problemIn(await api.get('/api/nope'))).to.equal('not-found')
      await api.get('/api/tasks', { as: null })
      expect(problemIn(await api.get('/api/tasks', { as: null }))).to.equal('quota-exceeded')
    }),
  )

  it(
    'HTTP-30 LIVE-07 a stream’s place after the token, before permission, query and what the feed refuses; what is refused there has taken none',
    serving({ settings: { maxStreams: 11 } }, async (api) => {
      const sources: EventSource[] = []
      const open = async (query = '', as = 'ada'): Promise<EventSource> => {
        const source = new EventSource(api.port, query, { as })
        sources.push(source)
        await source.opened
        return source
      }
      const refused = async (query = '', as = 'ada'): Promise<string | number> => {
        const source = await open(query, as)
        await source.ended()
        return problemIn({ ...source, headers: {} })
      }
      try {
        for (let n = 0; n < 12; n++) {
          expect(await refused('?x=1', tokenOf('ada', 'tasks:write')), 'permission').to.equal('insufficient-permission')
          expect(await refused('?x=1'), 'query').to.equal('malformed-query')
          expect(await refused('?since=7'), 'the feed').to.equal('sync-expired')
        }
        for (let n = 0; n < 10; n++) expect((await open()).status).to.equal(200)
        for (const query of ['?x=1', '?since=7']) expect(await refused(query), query).to.equal('quota-exceeded')
        expect(await refused('?x=1', tokenOf('ada', 'tasks:write'))).to.equal('quota-exceeded')
        expect((await open('', 'bob')).status).to.equal(200)
        expect(await refused('?x=1', tokenOf('cat', 'tasks:write'))).to.equal('temporary-reduced-capacity')
        expect(await refused('', 'a token of no issuer at all')).to.equal('invalid-token')
      } finally {
        for (const source of sources) source.close()
      }
    }),
  )
})

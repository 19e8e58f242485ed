import { expect } from 'chai'
import { describe, it } from 'mocha'
import { PROBLEMS } from '../../src/adapters/http/problem.ts'
import { document, operations } from '../openapi.ts'
import { problemIn, serving } from './client.ts'

describe('documents and health', () => {
  it(
    'DOC-01 the document is served as JSON, and the router has its paths and methods and no other',
    serving({ settings: { metricsToken: 'token' } }, async (api) => {
      const { body, headers } = await api.get('/api/openapi.json')
      expect(JSON.parse(body)).to.deep.equal(JSON.parse(JSON.stringify(document)))
      expect((await api.get('/api/openapi.json', { headers: { 'If-None-Match': headers['etag'] ?? '' } })).status).to.equal(304)
      // `GET /` leads to the documents, and is none of what they tell (HTTP-05).
      const within = (routes: readonly string[]): readonly string[] => routes.filter((route) => route !== 'GET /').sort()
      const documented = operations.map(({ method, path }) => `${method} ${path}`)
      const routed = api.server.routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
      expect(within(routed)).to.deep.equal(within(documented))
      // What Koa's router knows, asked one by one: the table is all of it.
      const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
      for (const path of new Set(operations.map((operation) => operation.path))) {
        const { headers: told } = await api.ask('OPTIONS', path.replaceAll(/\{\w+\}/g, 'x'))
        expect(
          told['allow']?.split(', ').filter((method) => methods.includes(method)),
          path,
        ).to.have.members(operations.filter((operation) => operation.path === path).map(({ method }) => method))
      }
    }),
  )

  it(
    'DOC-02 the page and what it is made of are served from here, with the least policy that it needs',
    serving({}, async (api) => {
      const page = await api.get('/api/docs', { as: null })
      expect(page.headers['content-type']).to.equal('text/html; charset=utf-8')
      const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part = '']) => part).filter((part) => !part.startsWith('data:'))
      expect(parts.length).to.be.greaterThan(1)
      for (const part of parts) {
        const { pathname, host } = new URL(part, 'http://here/api/docs')
        const answer = await api.get(pathname, { as: null })
        expect([host, answer.status], part).to.deep.equal(['here', 200])
        expect((await api.get(pathname, { headers: { 'If-None-Match': answer.headers['etag'] ?? '' } })).status).to.equal(304)
      }
      expect(page.headers['content-security-policy']).to.not.match(/unsafe|\*|https?:/)
      for (const missing of ['page.html', 'constructor', '..%2fpage.html', '.'])
        expect(problemIn(await api.get(`/api/docs/${missing}`)), missing).to.equal('not-found')
    }),
  )

  it(
    'DOC-03 each problem has a page that says what it means; another slug is 404',
    serving({}, async (api) => {
      for (const [slug, { status, title }] of Object.entries(PROBLEMS)) {
        const answer = await api.get(`/api/problems/${slug}`, { as: null })
        expect([answer.status, answer.headers['content-type']], slug).to.deep.equal([200, 'text/html; charset=utf-8'])
        expect(answer.body, slug).to.include(`<h1>${status} ${title}</h1>`)
        expect(answer.body.match(/<p>/g)?.length, slug).to.be.greaterThan(0)
        expect(answer.body.replaceAll(/<\/?(?:!doctype html|html lang="en"|meta charset="utf-8"|title|h1|p|code)>/g, ''), slug).to.not.match(/[<>]/)
      }
      for (const slug of ['nope', 'Not-Found', 'toString', '__proto__', ''])
        expect(problemIn(await api.get(`/api/problems/${slug}`)), slug).to.equal('not-found')
    }),
  )

  it('DOC-04 live while the process serves, ready while the database answers', async () => {
    let answers = true
    await serving({ isReady: async () => answers }, async (api) => {
      expect((await api.get('/api/health/ready', { as: null })).body).to.equal('{"status":"ok"}')
      answers = false
      const ready = await api.get('/api/health/ready', { as: null })
      expect([problemIn(ready), ready.headers['retry-after']]).to.deep.equal(['service-unavailable', '1'])
      expect(Object.keys(JSON.parse(ready.body))).to.deep.equal(['type', 'title', 'status', 'instance'])
      expect((await api.get('/api/health/live', { as: null })).body).to.equal('{"status":"ok"}')
    })()
  })

  it(
    'DOC-06 RATE-02 metrics are there only where a token is set, and answer to it alone',
    serving({ settings: { metricsToken: 'figures', rateLimit: 5 } }, async (api) => {
      const asked = async (as: string | null) => api.get('/api/metrics', { as: null, headers: as === null ? {} : { Authorization: `Bearer ${as}` } })
      expect([(await asked('figures')).body, problemIn(await asked(null)), problemIn(await asked('figure')), problemIn(await asked('figuress'))]).to.deep.equal(
        ['requests_total 1\n', 'missing-token', 'invalid-token', 'invalid-token'],
      )
      for (let at = 0; at < 2; at++) await asked('wrong')
      expect(problemIn(await asked('figures'))).to.equal('quota-exceeded')
    }),
  )

  it(
    'DOC-06 where no token is set there are no metrics',
    serving({}, async (api) => {
      expect(problemIn(await api.get('/api/metrics', { as: 'ada' }))).to.equal('not-found')
    }),
  )
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { answersIn, problemIn, serving } from './client.ts'

describe('routes', () => {
  it(
    'HTTP-01 match exactly: letter case, slashes, dot segments, and no method but the one that was sent',
    serving({}, async (api) => {
      const { id } = await api.make()
      for (const path of [
        '/api/Tasks',
        '/API/tasks',
        '/api/tasks/',
        '//api/tasks',
        '/api//tasks',
        '/api/tasks/./',
        '/api/x/../tasks',
        '/api/tasks;x=1',
        `/api/tasks/${id}/`,
        `/api/tasks/${id};x=1`,
        `/api/tasks/${id}/Completion`,
        '/tasks',
        '/api',
        '/api/',
        '/api/v1/tasks',
        '/api/tasks%2F',
        '/favicon.ico',
        '/.',
      ]) {
        expect(problemIn(await api.get(path)), path).to.equal('not-found')
      }
      expect(problemIn(await api.post(`/api/tasks/${id}?_method=DELETE`, {}, { headers: { 'X-HTTP-Method-Override': 'DELETE' } }))).to.equal(
        'method-not-allowed',
      )
      expect(problemIn(await api.get(`/api/tasks/${id}`))).to.equal(200)
    }),
  )

  it(
    'HTTP-02 HEAD answers what GET answers, without the body',
    serving({}, async (api) => {
      const { path, id } = await api.make()
      for (const each of [
        '/api/tasks',
        path,
        '/api/health/live',
        '/api/docs',
        '/api/openapi.json',
        '/api/problems/not-found',
        `/api/tasks/${id}0`,
        '/api/nope',
      ]) {
        const get = await api.get(each)
        const head = await api.ask('HEAD', each)
        expect(head.body, each).to.equal('')
        expect({ ...head, body: get.body, headers: { ...head.headers, 'x-request-id': '', date: '' } }, each).to.deep.equal({
          ...get,
          headers: { ...get.headers, 'x-request-id': '', date: '', 'content-length': head.headers['content-length'] },
        })
        // The request's id, which a problem holds, is always of one length.
        expect(head.headers['content-length'], each).to.equal(String(Buffer.byteLength(get.body)))
      }
    }),
  )

  it(
    'HTTP-03 OPTIONS tells the methods of a route without a token, and nothing of whether an id exists',
    serving({}, async (api) => {
      const { path } = await api.make()
      const [own, missing] = [await api.ask('OPTIONS', path, { as: null }), await api.ask('OPTIONS', '/api/tasks/nothing', { as: null })]
      expect(own.status).to.equal(204)
      expect(own.headers['allow']).to.equal('DELETE, GET, HEAD, OPTIONS, PATCH, PUT')
      expect({ ...missing, headers: { ...missing.headers, 'x-request-id': '' } }).to.deep.equal({ ...own, headers: { ...own.headers, 'x-request-id': '' } })
      expect((await api.ask('OPTIONS', '/api/tasks', { as: null })).headers['allow']).to.equal('GET, HEAD, OPTIONS, POST')
      expect((await api.ask('OPTIONS', `${path}/completion`, { as: 'not a token' })).headers['allow']).to.equal('DELETE, OPTIONS, PUT')
      expect(problemIn(await api.ask('OPTIONS', '/api/nope', { as: null }))).to.equal('not-found')
      const [whole] = answersIn(await api.raw('OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'))
      expect(whole?.headers['allow']).to.equal('DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT')
    }),
  )

  it(
    'HTTP-04 a method that the route does not have is 405 with Allow, before any token; CONNECT is 405 everywhere',
    serving({}, async (api) => {
      for (const [method, path, allow] of [
        ['PUT', '/api/tasks', 'GET, HEAD, OPTIONS, POST'],
        ['PATCH', '/api/tasks', 'GET, HEAD, OPTIONS, POST'],
        ['DELETE', '/api/tasks', 'GET, HEAD, OPTIONS, POST'],
        ['POST', '/api/tasks/1', 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT'],
        ['GET', '/api/tasks/1/completion', 'DELETE, OPTIONS, PUT'],
        ['PROPFIND', '/api/tasks', 'GET, HEAD, OPTIONS, POST'],
        ['TRACE', '/api/health/live', 'GET, HEAD, OPTIONS'],
        ['POST', '/', 'GET, HEAD, OPTIONS'],
      ] as const) {
        const answer = await api.ask(method, path, { as: null })
        expect([problemIn(answer), answer.headers['allow']], `${method} ${path}`).to.deep.equal(['method-not-allowed', allow])
      }
      const connected = answersIn(await api.raw('CONNECT example.test:443 HTTP/1.1\r\nHost: example.test\r\n\r\n'))
      expect(connected.map(problemIn)).to.deep.equal(['method-not-allowed'])
      const queried = answersIn(await api.raw('QUERY /api/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'))
      expect(queried.map(problemIn)).to.deep.equal(['method-not-allowed'])
    }),
  )

  it(
    'HTTP-05 a plain GET / leads to the documents, and nothing else outside /api/ is there',
    serving({}, async (api) => {
      const root = await api.get('/', { as: null })
      expect([root.status, root.headers['location'], root.body]).to.deep.equal([302, '/api/docs', ''])
      expect(problemIn(await api.get('/index.html'))).to.equal('not-found')
    }),
  )
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { problemIn, serving, tokenOf } from './client.ts'

const WRITES = [
  ['POST', '/api/tasks'],
  ['PUT', '/api/tasks/x'],
  ['PATCH', '/api/tasks/x'],
  ['DELETE', '/api/tasks/x'],
  ['PUT', '/api/tasks/x/completion'],
  ['DELETE', '/api/tasks/x/completion'],
  ['POST', '/api/tasks/x/reversion'],
] as const
const READS = [
  ['GET', '/api/tasks'],
  ['HEAD', '/api/tasks'],
  ['GET', '/api/tasks/x'],
  ['GET', '/api/tasks/x/changes'],
  ['GET', '/api/tasks/summary'],
] as const

describe('tokens and permission', () => {
  it(
    'AUTH-01 every route of tasks wants a bearer token in its header, and nothing else is looked at',
    serving({}, async (api) => {
      const token = tokenOf('ada')
      for (const [method, path] of [...READS, ...WRITES]) {
        const answer = await api.ask(method, path, { as: null })
        expect([answer.status, answer.headers['www-authenticate']], `${method} ${path}`).to.deep.equal([401, 'Bearer realm="taskward"'])
      }
      for (const headers of [
        {},
        { Authorization: '' },
        { Authorization: token },
        { Authorization: `DPoP ${token}` },
        { Authorization: `Basic ${token}` },
        { Authorization: `Bearerish ${token}` },
        { Cookie: `jwt=${token}` },
        { 'X-Access-Token': token, 'X-Auth-Token': token },
      ]) {
        expect(problemIn(await api.get('/api/tasks', { as: null, headers })), JSON.stringify(headers)).to.equal('missing-token')
      }
      expect(problemIn(await api.get(`/api/tasks?access_token=${token}`, { as: null }))).to.equal('missing-token')
      for (const scheme of ['Bearer ', 'bearer ', 'BEARER ', 'Bearer   ']) {
        expect((await api.get('/api/tasks', { as: null, headers: { Authorization: scheme + token } })).status, scheme).to.equal(200)
      }
      for (const path of ['/api/health/live', '/api/health/ready', '/api/docs', '/api/openapi.json', '/api/problems/validation']) {
        expect((await api.get(path, { as: null })).status, path).to.equal(200)
        expect((await api.get(path, { as: 'no token of ours at all' })).status, path).to.equal(200)
      }
    }),
  )

  it(
    'AUTH-02 every fault of a token is one answer',
    serving({}, async (api) => {
      const token = tokenOf('ada')
      const seen = new Set<string>()
      for (const value of [
        'Bearer',
        'Bearer    ',
        'Bearer x',
        'Bearer\tx',
        `Bearer ${tokenOf('ada', undefined, 1)}`,
        `Bearer x${token}`,
        `Bearer x ${token}`,
        'Bearer =',
        'Bearer,',
      ]) {
        const { status, headers, body } = await api.get('/api/tasks', { as: null, headers: { Authorization: value } })
        const { instance, ...problem } = JSON.parse(body)
        expect(instance).to.equal(headers['x-request-id'])
        seen.add(JSON.stringify([status, headers['www-authenticate'], problem]))
      }
      expect([...seen]).to.deep.equal([
        JSON.stringify([401, 'Bearer error="invalid_token"', { type: '/api/problems/invalid-token', title: 'Invalid token', status: 401 }]),
      ])
    }),
  )

  it(
    'PERM-01 a token without a scope may do everything its owner may',
    serving({}, async (api) => {
      const { path } = await api.make()
      expect([(await api.get(path)).status, (await api.put(path, { title: 'x' })).status, (await api.delete(path)).status]).to.deep.equal([200, 200, 204])
    }),
  )

  it(
    'PERM-02 PERM-03 each scope gives its own and nothing else; what it lacks is 403 and is named',
    serving({}, async (api) => {
      const refused = async (scope: unknown, routes: typeof READS | typeof WRITES, needs: string) => {
        for (const [method, path] of routes) {
          const answer = await api.ask(method, path, { as: tokenOf('ada', scope) })
          expect([answer.status, answer.headers['www-authenticate']], `${method} ${path} with ${JSON.stringify(scope)}`).to.deep.equal([
            403,
            `Bearer error="insufficient_scope", scope="${needs}"`,
          ])
        }
      }
      await refused('tasks:write', READS, 'tasks:read')
      await refused('tasks:read', WRITES, 'tasks:write')
      for (const scope of [
        '',
        ' ',
        'tasks:readwrite xtasks:write',
        'TASKS:READ',
        'tasks:read,tasks:write',
        'tasks',
        'admin',
        ['tasks:read', 'tasks:write'],
        { $ne: 1 },
        null,
        1,
        true,
      ]) {
        await refused(scope, READS, 'tasks:read')
        await refused(scope, WRITES, 'tasks:write')
      }
      for (const scope of ['tasks:read', 'openid tasks:read', 'tasks:write tasks:read'])
        expect((await api.get('/api/tasks', { as: tokenOf('ada', scope) })).status).to.equal(200)
      expect((await api.post('/api/tasks', { title: 'x' }, { as: tokenOf('ada', 'tasks:read tasks:write') })).status).to.equal(201)
    }),
  )

  it(
    'PERM-04 without tasks:read a write shows nothing of a task',
    serving({}, async (api) => {
      const { path } = await api.make()
      const blind = { as: tokenOf('ada', 'tasks:write') }
      const made = await api.post('/api/tasks', { title: 'x' }, blind)
      expect([made.status, made.body, made.headers['content-type']]).to.deep.equal([201, '', undefined])
      expect(made.headers['location']).to.match(/^\/api\/tasks\/[0-9a-f-]{36}$/)
      expect((await api.get(made.headers['location'] ?? '')).headers['etag']).to.equal(made.headers['etag'])
      for (const write of [
        () => api.put(path, { title: 'a' }, blind),
        () => api.patch(path, { title: 'b' }, blind),
        () => api.put(`${path}/completion`, undefined, blind),
        () => api.delete(`${path}/completion`, blind),
      ]) {
        const answer = await write()
        expect([answer.status, answer.body, answer.headers['etag']]).to.deep.equal([204, '', (await api.get(path)).headers['etag']])
      }
    }),
  )

  it(
    'OWN-07 PERM-01 nothing that a request brings names an owner, and names of owners are not folded',
    serving({}, async (api) => {
      const { path } = await api.make()
      const names = ['bob', 'ADA', 'ada ', ' ada', 'ad\u0061\u0301', '__proto__', 'constructor', 'ada\u200b']
      for (const as of names) {
        const headers = { 'X-User-Id': 'ada', 'X-Forwarded-User': 'ada', Cookie: 'sub=ada', From: 'ada' }
        expect(problemIn(await api.get(path, { as: tokenOf(as), headers })), as).to.equal('not-found')
        expect(JSON.parse((await api.get('/api/tasks', { as: tokenOf(as), headers })).body).items, as).to.deep.equal([])
      }
      for (const member of ['owner', 'ownerId', 'userId', 'sub', 'owner_id'])
        expect(problemIn(await api.post('/api/tasks', { title: 'x', [member]: 'bob' })), member).to.equal('validation')
      for (const name of ['owner', 'sub', 'user']) expect(problemIn(await api.get(`/api/tasks?${name}=bob`)), name).to.equal('malformed-query')
    }),
  )
})

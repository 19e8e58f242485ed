import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { doDueWork } from '../../src/application/due-work.ts'
import { portsOver } from '../builders.ts'
import { storesUnderTest } from '../databases.ts'
import { type Answer, type Client, problemIn, serving, tokenOf } from './client.ts'

const keyed = (key: string, headers = {}) => ({ headers: { 'Idempotency-Key': key, ...headers } })
const inTrash = (id: string): string => `/api/trash/${id}`
const bodyOf = ({ body }: Answer) => JSON.parse(body)
const titlesIn = (answer: Answer): readonly string[] => bodyOf(answer).items.map(({ title }: { readonly title: string }) => title)

/** A task that was made and deleted. */
async function trash(api: Client, task: object = {}, as = 'ada') {
  const made = await api.make(task, { as })
  await api.delete(made.path, { as })
  return { ...made, trashed: inTrash(made.id) }
}

/** An answer as a retry must give it again. */
const again = ({ status, headers, body }: Answer) => [status, headers['etag'], headers['location'], body]

describe('the trash', () => {
  it(
    'TRASH-01 TRASH-02 lists what was deleted, latest first, in pages',
    serving({}, async (api) => {
      expect(bodyOf(await api.get('/api/trash'))).to.deep.equal({ items: [], nextCursor: null })
      for (const title of ['one', 'two', 'three']) await trash(api, { title })
      await api.make({ title: 'live' })
      await trash(api, { title: 'bob’s' }, 'bob')
      const first = await api.get('/api/trash?limit=2')
      expect(titlesIn(first)).to.deep.equal(['three', 'two'])
      const [, link = ''] = /^<(\/api\/trash\?limit=2&cursor=[^>]+)>; rel="next"$/.exec(first.headers['link'] ?? '') ?? []
      expect(link).to.include(bodyOf(first).nextCursor)
      const last = await api.get(link)
      expect([titlesIn(last), bodyOf(last).nextCursor, last.headers['link']]).to.deep.equal([['one'], null, undefined])
      const [task] = bodyOf(last).items
      expect(Object.keys(task).slice(-2)).to.deep.equal(['deletedAt', 'purgeAt'])
      expect(Date.parse(task.purgeAt) - Date.parse(task.deletedAt)).to.equal(30 * 24 * 3_600_000)
      expect([task.version, task.deletedAt]).to.deep.equal([2, task.updatedAt])
    }),
  )

  it(
    'TRASH-03 takes limit and cursor alone, and no cursor of another list or owner',
    serving({}, async (api) => {
      for (const title of ['one', 'two']) await trash(api, { title })
      for (let n = 0; n < 2; n++) await api.make()
      for (const query of ['limit=0', 'limit=101', 'status=todo', 'limit=1&limit=1', 'sort=title', 'limit=']) {
        expect(problemIn(await api.get(`/api/trash?${query}`)), query).to.equal('malformed-query')
      }
      const { nextCursor } = bodyOf(await api.get('/api/trash?limit=1'))
      const other = bodyOf(await api.get('/api/tasks?limit=1')).nextCursor
      expect((await api.get(`/api/trash?cursor=${nextCursor}`)).status).to.equal(200)
      expect(problemIn(await api.get(`/api/trash?cursor=${nextCursor}`, { as: 'bob' }))).to.equal('invalid-cursor')
      expect(problemIn(await api.get(`/api/tasks?cursor=${nextCursor}`))).to.equal('invalid-cursor')
      for (const cursor of [other, '', 'x', `${nextCursor}A`])
        expect(problemIn(await api.get(`/api/trash?cursor=${cursor}`)), cursor).to.equal('invalid-cursor')
      for (const [method, path] of [
        ['DELETE', '/api/trash?all=1'],
        ['POST', `${inTrash('x')}/restoration?a=1`],
      ] as const)
        expect(problemIn(await api.ask(method, path))).to.equal('malformed-query')
    }),
  )

  it(
    'TRASH-04 TRASH-06 restores a task as it was, in a new version',
    serving({}, async (api) => {
      const { task, path, trashed } = await trash(api, { title: 'x', status: 'done', tags: ['a'], due: '2026-11-30', priority: 'high' })
      expect(problemIn(await api.post(`${path}/restoration`, undefined))).to.equal('not-found')
      const answer = await api.post(`${trashed}/restoration`, undefined)
      const { updatedAt, ...rest } = bodyOf(answer)
      const { updatedAt: before, ...was } = task
      expect([answer.status, rest]).to.deep.equal([200, { ...was, version: 3 }])
      expect(updatedAt > String(before)).to.equal(true)
      const read = await api.get(path)
      expect([read.body, read.headers['etag']]).to.deep.equal([answer.body, answer.headers['etag']])
      expect(titlesIn(await api.get('/api/trash'))).to.deep.equal([])
      expect(problemIn(await api.post(`${trashed}/restoration`, undefined))).to.equal('not-found')
      expect(problemIn(await api.delete(trashed))).to.equal('not-found')
    }),
  )

  it(
    'TRASH-05 a restoration is not refused at a full quota',
    serving({ ports: portsOver(createMemoryStore(), { tasks: 1, bytes: 1000 }) }, async (api) => {
      const { trashed } = await trash(api, { description: 'x'.repeat(200) })
      expect(problemIn(await api.post('/api/tasks', { title: 'x' }))).to.equal('task-quota-exceeded')
      expect((await api.post(`${trashed}/restoration`, undefined)).status).to.equal(200)
    }),
  )

  it(
    'TRASH-06 COND-02 COND-07 honours preconditions, and wants none',
    serving({ settings: { requireIfMatch: true } }, async (api) => {
      const { path, id, etag } = await api.make({ title: 'mine' })
      await api.delete(path, { headers: { 'If-Match': etag } })
      for (const [method, target] of [
        ['POST', `${inTrash(id)}/restoration`],
        ['DELETE', inTrash(id)],
      ] as const) {
        const stale = await api.ask(method, target, { headers: { 'If-Match': etag } })
        expect([problemIn(stale), bodyOf(stale).current.title, stale.headers['etag']]).to.deep.equal(['precondition-failed', 'mine', '"2"'])
        expect(problemIn(await api.ask(method, target, { headers: { 'If-Match': 'x' } }))).to.equal('malformed-header')
      }
      expect((await api.post(`${inTrash(id)}/restoration`, undefined)).headers['etag']).to.equal('"3"')
      await api.delete(path, { headers: { 'If-Match': '*' } })
      expect((await api.delete(inTrash(id), { headers: { 'If-Match': '"4"' } })).status).to.equal(204)
    }),
  )

  it(
    'PERM-04 a token that may not read gets 204, and sees nothing in a 412',
    serving({}, async (api) => {
      const { trashed } = await trash(api)
      const as = tokenOf('ada', 'tasks:write')
      const stale = await api.post(`${trashed}/restoration`, undefined, { as, headers: { 'If-Match': '"1"' } })
      expect([problemIn(stale), bodyOf(stale).current]).to.deep.equal(['precondition-failed', undefined])
      const restored = await api.post(`${trashed}/restoration`, undefined, { as })
      expect([restored.status, restored.body, restored.headers['etag']]).to.deep.equal([204, '', '"3"'])
      expect(problemIn(await api.get('/api/trash', { as }))).to.equal('insufficient-permission')
      for (const path of ['/api/trash', trashed])
        expect(problemIn(await api.delete(path, { as: tokenOf('ada', 'tasks:read') }))).to.equal('insufficient-permission')
    }),
  )

  it(
    'IDEM-03 a restoration, a purge and an emptying sent twice with one key are answered twice the same',
    serving({}, async (api) => {
      const one = await trash(api, { title: 'one' })
      const restored = await api.post(`${one.trashed}/restoration`, undefined, keyed('k', { 'If-Match': '"2"' }))
      expect(restored.status).to.equal(200)
      await api.delete(one.path)
      expect(again(await api.post(`${one.trashed}/restoration`, undefined, keyed('k', { 'If-Match': '"2"' })))).to.deep.equal(again(restored))
      const purged = await api.delete(one.trashed, keyed('k'))
      expect([again(purged), again(await api.delete(one.trashed, keyed('k')))]).to.deep.equal([again(purged), [204, undefined, undefined, '']])
      // What the restoration was answered with showed the task: its key is there, and its words are not.
      const late = await api.post(`${one.trashed}/restoration`, undefined, keyed('k', { 'If-Match': '"2"' }))
      expect(again(late)).to.deep.equal([204, restored.headers['etag'], undefined, ''])
      expect(again(await api.delete('/api/trash', keyed('k')))).to.deep.equal([204, undefined, undefined, ''])
      const two = await trash(api, { title: 'two' })
      expect(again(await api.delete('/api/trash', keyed('k')))).to.deep.equal([204, undefined, undefined, ''])
      expect(titlesIn(await api.get('/api/trash'))).to.deep.equal(['two'])
      expect(problemIn(await api.ask('DELETE', '/api/trash', { ...keyed('k'), body: 'other' }))).to.equal('idempotency-key-reused')
      expect((await api.post(`${two.trashed}/restoration`, undefined)).status).to.equal(200)
    }),
  )

  it(
    'HTTP-04 has no other methods',
    serving({}, async (api) => {
      const { trashed } = await trash(api)
      const allowed = [
        ['PUT', '/api/trash', 'DELETE, GET, HEAD, OPTIONS'],
        ['GET', trashed, 'DELETE, OPTIONS'],
        ['GET', `${trashed}/restoration`, 'OPTIONS, POST'],
      ] as const
      for (const [method, path, allow] of allowed) {
        const answer = await api.ask(method, path)
        expect([problemIn(answer), answer.headers['allow']?.split(', ').sort().join(', ')], path).to.deep.equal(['method-not-allowed', allow])
      }
    }),
  )

  for (const { name, open } of storesUnderTest) {
    it(`TRASH-07 TRASH-09 TRASH-10 TRASH-11 ${name}: purged and emptied tasks are gone, and their ids are taken`, async function () {
      this.timeout(30_000)
      const { store, work, close } = await open()
      try {
        const ports = portsOver(store, { tasks: 4, bytes: 1_000_000 })
        await serving({ ports }, async (api) => {
          const [one, two, three] = [await trash(api), await trash(api), await trash(api)]
          expect([(await api.delete(one.trashed)).headers['etag'], titlesIn(await api.get('/api/trash')).length]).to.deep.equal([undefined, 2])
          expect((await api.delete('/api/trash')).status).to.equal(204)
          expect(titlesIn(await api.get('/api/trash'))).to.deep.equal([])
          for (const { trashed } of [one, two, three]) {
            expect(problemIn(await api.post(`${trashed}/restoration`, undefined))).to.equal('not-found')
            expect(problemIn(await api.delete(trashed))).to.equal('not-found')
          }
          const ids = [one, two, three].map(({ id }) => id)
          const create = (id: string) => api.post('/api/tasks', { id, title: 'x' })
          for (const id of ids) expect(problemIn(await create(id))).to.equal('already-exists')
          for (let n = 0; n < 2; n++) await api.make()
          expect(problemIn(await api.post('/api/tasks', { title: 'x' }))).to.equal('task-quota-exceeded')
          expect(await doDueWork({ work, tasks: store, clock: ports.clock })).to.equal(2)
          expect(await doDueWork({ work, tasks: store, clock: ports.clock })).to.equal(0)
          for (let n = 0; n < 2; n++) await api.make()
          for (const id of ids) expect(problemIn(await create(id))).to.equal('already-exists')
          expect((await api.delete('/api/trash')).status).to.equal(204)
        })()
      } finally {
        await close()
      }
    })
  }
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { portsOver } from '../builders.ts'
import { type Answer, problemIn, serving } from './client.ts'

const MEMBERS = ['id', 'title', 'description', 'status', 'priority', 'due', 'tags', 'completedAt', 'createdAt', 'updatedAt', 'version']
const DEFAULTS = { description: '', status: 'todo', priority: 'none', due: null, tags: [] }

/** The pointers of what is wrong with a body. */
const pointers = (answer: Answer): readonly string[] =>
  problemIn(answer) === 'validation' ? JSON.parse(answer.body).errors.map(({ pointer }: { pointer: string }) => pointer) : [String(problemIn(answer))]

const emoji = '😀'

describe('tasks', () => {
  it(
    'TASK-01 TASK-02 have exactly their members, in their order, and what is left out is its default',
    serving({}, async (api) => {
      const { path, task } = await api.make({ title: 'x' })
      expect(Object.keys(task)).to.deep.equal(MEMBERS)
      expect(task).to.deep.include({ title: 'x', ...DEFAULTS, completedAt: null, version: 1 })
      for (const answer of [
        await api.get(path),
        await api.put(path, { title: 'y' }),
        await api.patch(path, {}),
        await api.put(`${path}/completion`, undefined),
      ]) {
        expect(Object.keys(JSON.parse(answer.body))).to.deep.equal(MEMBERS)
      }
      expect(Object.keys(JSON.parse((await api.get('/api/tasks')).body).items[0])).to.deep.equal(MEMBERS)
      for (const body of [{}, { description: 'x' }]) {
        expect(pointers(await api.post('/api/tasks', body))).to.deep.equal(['/title'])
        expect(pointers(await api.put(path, body))).to.deep.equal(['/title'])
      }
    }),
  )

  it(
    'TASK-03 TASK-16 an id may be given, in any letters, and is the owner’s own; one that the owner has is 409',
    serving({}, async (api) => {
      const id = '019A6F2E-8C1B-4D40-9F53-2A60C7B1E4D8'
      const made = await api.post('/api/tasks', { id, title: 'x' })
      expect([JSON.parse(made.body).id, made.headers['location']]).to.deep.equal([id.toLowerCase(), `/api/tasks/${id.toLowerCase()}`])
      expect((await api.get(`/api/tasks/${id}`)).body).to.equal(made.body)
      expect((await api.post('/api/tasks', { id, title: 'other' }, { as: 'bob' })).status).to.equal(201)
      for (const same of [id, id.toLowerCase()]) expect(problemIn(await api.post('/api/tasks', { id: same, title: 'y' }))).to.equal('already-exists')
      expect((await api.get(`/api/tasks/${id}`)).body).to.equal(made.body)
      await api.delete(`/api/tasks/${id}`)
      expect(problemIn(await api.post('/api/tasks', { id, title: 'y' })), 'in the trash').to.equal('already-exists')
      expect((await api.get(`/api/tasks/${id}`, { as: 'bob' })).status).to.equal(200)
      for (const wrong of ['', 'x', `{${id}}`, id.replaceAll('-', ''), `${id} `, `${id}0`, 1, null, [id]]) {
        expect(pointers(await api.post('/api/tasks', { id: wrong, title: 'x' })), JSON.stringify(wrong)).to.deep.equal(['/id'])
      }
    }),
  )

  it(
    'TASK-04 a title is trimmed, of one line, 1 to 200 code points',
    serving({}, async (api) => {
      const { path } = await api.make()
      for (const [title, kept] of [
        ['  x\t\n', 'x'],
        [emoji.repeat(200), emoji.repeat(200)],
        [` ${'x'.repeat(200)} `, 'x'.repeat(200)],
      ] as const) {
        expect(JSON.parse((await api.post('/api/tasks', { title })).body).title).to.equal(kept)
        expect(JSON.parse((await api.patch(path, { title })).body).title).to.equal(kept)
      }
      for (const title of [
        '',
        '   ',
        'x'.repeat(201),
        emoji.repeat(201),
        'a\u0007b',
        'a\u007fb',
        'a\nb',
        'a\u2028b',
        'a\u2029b',
        'a\u0000b',
        'a\ud800b',
        null,
        1,
        true,
        [],
        {},
        { $ne: '' },
      ]) {
        for (const answer of [await api.post('/api/tasks', { title }), await api.put(path, { title }), await api.patch(path, { title })]) {
          expect(pointers(answer), JSON.stringify(title)).to.deep.equal(['/title'])
        }
      }
    }),
  )

  it(
    'TASK-05 a description is kept as sent, up to 10,000 code points without NUL',
    serving({}, async (api) => {
      for (const description of ['', '  x\n\ty  ', emoji.repeat(10_000), '\u0007\u2028'])
        expect(JSON.parse((await api.post('/api/tasks', { title: 'x', description })).body).description).to.equal(description)
      for (const description of ['d'.repeat(10_001), emoji.repeat(10_001), 'a\u0000b', 'a\udc00', 1, null, []]) {
        expect(pointers(await api.post('/api/tasks', { title: 'x', description })), JSON.stringify(description).slice(0, 20)).to.deep.equal(['/description'])
      }
    }),
  )

  it(
    'TASK-06 status and priority are one of their words',
    serving({}, async (api) => {
      for (const status of ['todo', 'in_progress', 'done', 'cancelled']) {
        for (const priority of ['none', 'low', 'medium', 'high', 'urgent'])
          expect((await api.make({ status, priority })).task).to.deep.include({ status, priority })
      }
      for (const word of ['', 'Todo', 'DONE', ' todo', 'constructor', 'toString', '__proto__', 0, 1e300, null, true, ['todo'], {}]) {
        expect(pointers(await api.post('/api/tasks', { title: 'x', status: word })), JSON.stringify(word)).to.deep.equal(['/status'])
        expect(pointers(await api.post('/api/tasks', { title: 'x', priority: word })), JSON.stringify(word)).to.deep.equal(['/priority'])
      }
      expect(pointers(await api.post('/api/tasks', '{"title":"x","priority":1e999}', { headers: { 'Content-Type': 'application/json' } }))).to.deep.equal([
        '/priority',
      ])
    }),
  )

  it(
    'TASK-07 TASK-08 a due date is a day or a moment, and comes back in one form',
    serving({}, async (api) => {
      for (const [due, kept] of [
        ['2026-11-30', '2026-11-30'],
        ['2024-02-29', '2024-02-29'],
        ['2026-11-30T09:00Z', '2026-11-30T09:00:00Z'],
        ['2026-11-30T09:00:00.120+05:00', '2026-11-30T09:00:00.12+05:00'],
        ['2026-11-30T09:00:00+00:00', '2026-11-30T09:00:00Z'],
        ['2026-11-30T09:00:00+05:00[Asia/Karachi]', '2026-11-30T09:00:00+05:00[Asia/Karachi]'],
        [null, null],
      ] as const) {
        expect((await api.make({ due })).task, String(due)).to.deep.include({ due: kept })
      }
      for (const due of [
        '',
        'tomorrow',
        'now',
        'infinity',
        'epoch',
        '2026-13-01T00:00:00Z',
        '2026-02-30',
        '2026-01-01T00:00:00',
        '2026-01-01T00:00:00+99:99',
        '10000-01-01',
        '0000-01-01',
        '2026-06-30T23:59:60Z',
        '01/02/2026',
        '2026-01-01T00:00:00Zjunk',
        '2026-11-30T09:00:00+04:00[Asia/Karachi]',
        '2026-11-30T09:00:00+05:00[Asia/Nowhere]',
        1767225600000,
        false,
        [],
      ]) {
        expect(pointers(await api.post('/api/tasks', { title: 'x', due })), String(due)).to.deep.equal(['/due'])
      }
    }),
  )

  it(
    'TASK-09 tags are a set of at most 20 as sent',
    serving({}, async (api) => {
      expect((await api.make({ tags: ['b', ' a ', 'b', 'A', emoji] })).task).to.deep.include({ tags: ['A', 'a', 'b', emoji] })
      expect((await api.make({ tags: Array(20).fill('x') })).task).to.deep.include({ tags: ['x'] })
      expect((await api.make({ tags: [emoji.repeat(50)] })).task).to.deep.include({ tags: [emoji.repeat(50)] })
      const wrong = async (tags: unknown) => pointers(await api.post('/api/tasks', { title: 'x', tags }))
      for (const tags of ['a', null, {}, 1, Array(21).fill('x')]) expect(await wrong(tags), JSON.stringify(tags)).to.deep.equal(['/tags'])
      for (const tag of ['', ' ', 'a,b', 'x'.repeat(51), 'a\nb', 1, null, ['a'], {}])
        expect(await wrong(['a', tag]), JSON.stringify(tag)).to.deep.equal(['/tags/1'])
      expect(await wrong(['', 'a', ''])).to.deep.equal(['/tags/0', '/tags/2'])
    }),
  )

  it(
    'TASK-10 TASK-20 TASK-21 completedAt is set with done, stays, and goes with it, whichever write it was',
    serving({}, async (api) => {
      const { path, task } = await api.make()
      const body = async (answer: Promise<Answer>) => JSON.parse((await answer).body)
      const done = await body(api.put(`${path}/completion`, undefined))
      expect([done.status, done.completedAt, done.version]).to.deep.equal(['done', done.updatedAt, 2])
      expect(await body(api.put(`${path}/completion`, undefined))).to.deep.equal(done)
      const renamed = await body(api.patch(path, { title: 'other' }))
      expect([renamed.completedAt, renamed.version]).to.deep.equal([done.completedAt, 3])
      const reopened = await body(api.delete(`${path}/completion`))
      expect([reopened.status, reopened.completedAt, reopened.createdAt]).to.deep.equal(['todo', null, task['createdAt']])
      expect(await body(api.delete(`${path}/completion`))).to.deep.equal(reopened)
      for (const status of ['in_progress', 'cancelled']) {
        const left = await body(api.patch(path, { status }))
        expect(await body(api.delete(`${path}/completion`))).to.deep.equal(left)
        expect((await body(api.put(`${path}/completion`, undefined))).completedAt).to.be.a('string')
        expect((await body(api.put(path, { title: 'x' }))).completedAt).to.equal(null)
      }
      expect((await api.make({ status: 'done' })).task['completedAt']).to.be.a('string')
    }),
  )

  it(
    'TASK-11 TASK-14 the version counts changes, and a write that changes nothing leaves the task as it is',
    serving({}, async (api) => {
      const { path, etag, task } = await api.make({ tags: ['a', 'b'], due: '2026-11-30T09:00Z' })
      for (const nothing of [
        () => api.patch(path, {}),
        () => api.patch(path, { title: ' Buy milk ', tags: ['b', 'a', 'a'], due: '2026-11-30T09:00:00.000Z', description: null }),
        () => api.put(path, { title: 'Buy milk', tags: ['b', 'a'], due: '2026-11-30T09:00:00+00:00' }),
        () => api.delete(`${path}/completion`),
      ]) {
        const answer = await nothing()
        expect([answer.status, answer.headers['etag'], JSON.parse(answer.body)]).to.deep.equal([200, etag, task])
      }
      const changed = JSON.parse((await api.patch(path, { title: 'x' })).body)
      expect([changed.version, changed.createdAt, changed.updatedAt > String(task['updatedAt'])]).to.deep.equal([2, task['createdAt'], true])
    }),
  )

  it(
    'TASK-12 TASK-13 PUT replaces every writable field, PATCH sets what it names, and null is the default',
    serving({}, async (api) => {
      const whole = { title: 'x', description: 'y', status: 'in_progress', priority: 'high', due: '2026-11-30', tags: ['a'] }
      const { path } = await api.make(whole)
      for (const [member, value] of Object.entries({ title: 'z', description: 'z', status: 'done', priority: 'low', due: '2026-12-01', tags: ['z'] })) {
        const body = JSON.parse((await api.patch(path, { [member]: value })).body)
        expect(body, member).to.deep.include({ ...whole, [member]: value })
        expect(JSON.parse((await api.put(path, whole)).body)).to.deep.include(whole)
      }
      for (const [member, value] of Object.entries(DEFAULTS))
        expect(JSON.parse((await api.patch(path, { [member]: null })).body)).to.deep.include({ [member]: value })
      await api.put(path, whole)
      expect(JSON.parse((await api.put(path, { title: 'only' })).body)).to.deep.include({ title: 'only', ...DEFAULTS })
      expect(pointers(await api.patch(path, { title: null, due: null }))).to.deep.equal(['/title'])
      for (const body of ['"x"', '[]', 'null', '1', 'true']) {
        for (const method of ['PUT', 'PATCH'])
          expect(pointers(await api.ask(method, path, { body, headers: { 'Content-Type': 'application/json' } })), `${method} ${body}`).to.deep.equal([''])
      }
      const missing = '/api/tasks/00000000-0000-4000-8000-000000000000'
      expect([problemIn(await api.put(missing, whole)), problemIn(await api.get(missing))]).to.deep.equal(['not-found', 'not-found'])
    }),
  )

  it(
    'TASK-15 a creation says where the task is, and a read that begins after it sees it',
    serving({}, async (api) => {
      const { status, headers, body } = await api.post('/api/tasks', { title: 'x' })
      const read = await api.get(headers['location'] ?? '')
      expect([status, read.status, read.body, read.headers['etag']]).to.deep.equal([201, 200, body, headers['etag']])
      expect(JSON.parse((await api.get('/api/tasks')).body).items[0]).to.deep.equal(JSON.parse(body))
    }),
  )

  it(
    'TASK-17 what is wrong is told by pointers, 20 at most, and members that there are none of are wrong; nothing is written',
    serving({}, async (api) => {
      const { path, etag } = await api.make()
      for (const member of [
        'completedAt',
        'createdAt',
        'updatedAt',
        'version',
        'deletedAt',
        'owner',
        'ownerId',
        'role',
        '_id',
        '$set',
        'constructor',
        '__proto__',
        'toString',
        'Title',
        'a/b',
        'a~b',
        '',
      ]) {
        const body = `{"title":"x",${JSON.stringify(member)}:{"a":1}}`
        const pointer = `/${member.replace('~', '~0').replace('/', '~1')}`
        for (const [method, on] of [
          ['POST', '/api/tasks'],
          ['PUT', path],
          ['PATCH', path],
        ] as const) {
          expect(pointers(await api.ask(method, on, { body, headers: { 'Content-Type': 'application/json' } })), `${method} ${member}`).to.deep.equal([pointer])
        }
      }
      for (const method of ['PUT', 'PATCH'])
        expect(pointers(await api.ask(method, path, { body: { id: path.slice(-36), title: 'x' } })), method).to.deep.equal(['/id'])
      expect(pointers(await api.post('/api/tasks', { title: 1, status: 'x', tags: [1, 'a', 2], nope: 1 }))).to.deep.equal([
        '/title',
        '/status',
        '/tags/0',
        '/tags/2',
        '/nope',
      ])
      expect(pointers(await api.post('/api/tasks', Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`m${at}`, 1]))))).to.have.length(20)
      expect(pointers(await api.post('/api/tasks', []))).to.deep.equal([''])
      expect((await api.get(path)).headers['etag']).to.equal(etag)
      expect(JSON.parse((await api.get('/api/tasks')).body).items).to.have.length(1)
    }),
  )

  it(
    'TASK-18 text comes back as it was, whatever it looks like',
    serving({}, async (api) => {
      for (const title of [
        '<script>alert(1)</script>',
        '#{7*7}{{7*7}}<%= 7*7 %>',
        '$(id)`id`|id',
        "=cmd|' /C calc'!A0",
        '../../etc/passwd',
        '$\u007bjndi:ldap://127.0.0.1/a}',
        '%s%s%s%n%o',
        'abc\u202etxt',
        '\\\'\\"\\\\',
        '{"title":"y"}',
        "Robert'); drop table tasks;--",
        'e\u0301 is not \u00e9',
      ]) {
        const { path, task } = await api.make({ title, description: title, tags: title.includes(',') ? [] : [title] })
        expect([task['title'], task['description']]).to.deep.equal([title, title])
        expect(JSON.parse((await api.get(path)).body)).to.deep.equal(task)
      }
    }),
  )

  it(
    'TASK-19 at the quota of tasks a creation is 403, those in the trash counted, and a deletion is never refused',
    serving({ ports: portsOver(createMemoryStore(), { tasks: 2, bytes: 10_000_000 }) }, async (api) => {
      const [first, second] = [await api.make(), await api.make()]
      expect(problemIn(await api.post('/api/tasks', { title: 'x' }))).to.equal('task-quota-exceeded')
      expect((await api.delete(first.path)).status).to.equal(204)
      expect(problemIn(await api.post('/api/tasks', { title: 'x' }))).to.equal('task-quota-exceeded')
      expect((await api.patch(second.path, { title: 'x' })).status).to.equal(200)
      expect((await api.make({}, { as: 'bob' })).task['version']).to.equal(1)
    }),
  )

  it(
    'TASK-19 beyond the quota of bytes a creation or change is 403, and a deletion is not',
    // Room for one task and the entry of its creation, and for no other entry.
    serving({ ports: portsOver(createMemoryStore(), { tasks: 10, bytes: 600 }) }, async (api) => {
      const { path, etag } = await api.make()
      const large = { title: 'x', description: 'd'.repeat(4000) }
      expect(problemIn(await api.post('/api/tasks', large))).to.equal('storage-quota-exceeded')
      expect(problemIn(await api.patch(path, large))).to.equal('storage-quota-exceeded')
      expect(problemIn(await api.put(path, large))).to.equal('storage-quota-exceeded')
      expect((await api.get(path)).headers['etag']).to.equal(etag)
      expect((await api.delete(path)).status).to.equal(204)
    }),
  )

  it(
    'TASK-22 a deleted task is found by nothing',
    serving({}, async (api) => {
      const { path, etag } = await api.make()
      const deleted = await api.delete(path, { headers: { 'If-Match': etag } })
      expect([deleted.status, deleted.body, deleted.headers['etag']]).to.deep.equal([204, '', undefined])
      const asked = [
        await api.get(path),
        await api.put(path, { title: 'x' }),
        await api.patch(path, {}),
        await api.put(`${path}/completion`, undefined),
        await api.delete(`${path}/completion`),
        await api.delete(path),
        await api.delete(path, { headers: { 'If-Match': etag } }),
      ]
      expect(new Set(asked.map(problemIn))).to.deep.equal(new Set(['not-found']))
      expect((await api.get('/api/tasks')).body).to.equal('{"items":[],"nextCursor":null}')
    }),
  )
})

import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { REVERSION } from '../../src/adapters/http/codecs/history.ts'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { portsOver } from '../builders.ts'
import { schemaOf } from '../openapi.ts'
import { type Answer, type Client, FAKE_VERIFIER, problemIn, serving, tokenOf } from './client.ts'

interface Told {
  readonly seq: number
  readonly at: string
  readonly kind: string
  readonly version: number
  readonly actor: string
  readonly fields: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>
}

const itemsIn = (answer: Answer): readonly Told[] => JSON.parse(answer.body).items

/** Every page, by the links alone, as a client walks them. */
async function walk(api: Client, first: string): Promise<readonly (readonly Told[])[]> {
  const pages: (readonly Told[])[] = []
  for (let next: string | undefined = first; next !== undefined; ) {
    const answer: Answer = await api.get(next)
    expect(answer.status, answer.body).to.equal(200)
    pages.push(itemsIn(answer))
    next = /^<(.*)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1]
    expect(JSON.parse(answer.body).nextCursor === null).to.equal(next === undefined)
  }
  return pages
}

describe('history', () => {
  it(
    'HIST-01 HIST-02 HIST-03 what was done to a task is told newest first, in pages of 1 to 100, 20 where nothing is said',
    serving({}, async (api) => {
      const { path } = await api.make({ tags: ['a'] })
      await api.patch(path, { title: 'Größe', due: '2026-11-30T09:00+05:00', tags: ['b', 'a'] })
      await api.put(`${path}/completion`, undefined)
      await api.delete(`${path}/completion`)
      const answer = await api.get(`${path}/changes`)
      const told = itemsIn(answer)
      expect(told.map(({ seq, kind, version }) => [seq, kind, version])).to.deep.equal([
        [4, 'reopened', 4],
        [3, 'completed', 3],
        [2, 'edited', 2],
        [1, 'created', 1],
      ])
      expect(told.map((entry) => Object.keys(entry).join())).to.deep.equal(Array(4).fill('seq,at,kind,version,actor,fields'))
      expect(told[2]?.fields).to.deep.equal({
        title: { from: 'Buy milk', to: 'Größe' },
        due: { from: null, to: '2026-11-30T09:00:00+05:00' },
        tags: { from: ['a'], to: ['a', 'b'] },
      })
      expect(told[1]?.fields).to.deep.equal({ status: { from: 'todo', to: 'done' }, completedAt: { from: null, to: told[1]?.at } })
      expect(told[3]?.fields).to.deep.equal({})
      expect(answer.headers['link']).to.equal(undefined)
      for (let n = 0; n < 30; n++) await api.patch(path, { title: `${n}` })
      expect((await walk(api, `${path}/changes`)).map(({ length }) => length)).to.deep.equal([20, 14])
      expect((await walk(api, `${path}/changes?limit=12`)).map(({ length }) => length)).to.deep.equal([12, 12, 10])
      expect((await walk(api, `${path.toUpperCase().replace('/API/TASKS', '/api/tasks')}/changes?limit=33`)).map(({ length }) => length)).to.deep.equal([33, 1])
      for (const query of ['limit=0', 'limit=101', 'limit=', 'limit=1&limit=1', 'sort=title', 'since=1'])
        expect(problemIn(await api.get(`${path}/changes?${query}`)), query).to.equal('malformed-query')
      expect(problemIn(await api.get(`${path}/changes`, { headers: { Accept: 'text/event-stream' } }))).to.equal('not-acceptable')
    }),
  )

  it(
    'HIST-04 a person’s changes and an agent’s are told apart',
    serving(
      {
        verifier: {
          ...FAKE_VERIFIER,
          verify: async (token) => ({
            ...(await FAKE_VERIFIER.verify(token)),
            actor: token === tokenOf('ada', 'tasks:write tasks:read') ? 'agent-7' : undefined,
          }),
        },
      },
      async (api) => {
        const { path } = await api.make()
        await api.patch(path, { title: 'by the agent' }, { as: tokenOf('ada', 'tasks:write tasks:read') })
        expect(itemsIn(await api.get(`${path}/changes`)).map(({ actor }) => actor)).to.deep.equal(['agent-7', 'ada'])
      },
    ),
  )

  it(
    'HIST-05 a task in the trash has its history, and nobody has another’s',
    serving({}, async (api) => {
      const { path } = await api.make()
      await api.delete(path)
      const told = itemsIn(await api.get(`${path}/changes`))
      expect(told.map(({ kind, fields }) => [kind, fields])).to.deep.equal([
        ['deleted', {}],
        ['created', {}],
      ])
      for (const missing of [path.replace(/.$/, 'f'), '/api/tasks/nothing', '/api/tasks/summary'])
        expect(problemIn(await api.get(`${missing}/changes`))).to.equal('not-found')
      expect(problemIn(await api.get(`${path}/changes`, { as: 'bob' }))).to.equal('not-found')
      expect(problemIn(await api.get(`${path}/changes`, { as: tokenOf('ada', 'tasks:write') }))).to.equal('insufficient-permission')
    }),
  )

  it('HIST-06 an answer ends at 1 MB', async function () {
    this.timeout(20_000)
    await serving({}, async (api) => {
      const { path } = await api.make()
      const long = (n: number): string => String.fromCodePoint(0x10400 + n).repeat(10_000)
      for (let n = 0; n < 30; n++) await api.patch(path, { description: long(n) })
      const pages = await walk(api, `${path}/changes?limit=100`)
      expect(pages.flat().map(({ version }) => version)).to.deep.equal(Array.from({ length: 31 }, (_, n) => 31 - n))
      expect(pages.length).to.be.within(3, 4)
      for (const page of pages) expect(Buffer.byteLength(JSON.stringify({ items: page, nextCursor: 'x'.repeat(100) }))).to.be.at.most(1_000_000)
      expect(Buffer.byteLength(JSON.stringify(pages[0]))).to.be.above(900_000)
    })()
  })

  it(
    'HIST-07 a cursor serves only its owner and its task, and goes on where it was made while the task is changed',
    serving({}, async (api) => {
      const [one, other] = [await api.make(), await api.make()]
      const theirs = await api.make({ id: one.id }, { as: 'bob' })
      for (const path of [one.path, other.path]) for (const title of ['a', 'b', 'c']) await api.patch(path, { title })
      await api.patch(theirs.path, { title: 'a' }, { as: 'bob' })
      const { nextCursor } = JSON.parse((await api.get(`${one.path}/changes?limit=2`)).body)
      expect(nextCursor).to.match(/^[\w-]+$/)
      await api.patch(one.path, { title: 'meanwhile' })
      expect(itemsIn(await api.get(`${one.path}/changes?cursor=${nextCursor}`)).map(({ version }) => version)).to.deep.equal([2, 1])
      const invalid = async (path: string, cursor: string, as = 'ada') => problemIn(await api.get(`${path}/changes?cursor=${cursor}`, { as }))
      expect(await invalid(other.path, nextCursor)).to.equal('invalid-cursor')
      expect(await invalid(theirs.path, nextCursor, 'bob')).to.equal('invalid-cursor')
      expect(await invalid(one.path, '')).to.equal('invalid-cursor')
      expect(await invalid(one.path, `${nextCursor}A`)).to.equal('invalid-cursor')
      const list = JSON.parse((await api.get('/api/tasks?limit=1')).body).nextCursor
      expect(await invalid(one.path, list)).to.equal('invalid-cursor')
      expect(problemIn(await api.get(`/api/tasks?cursor=${nextCursor}`))).to.equal('invalid-cursor')
    }),
  )
})

const fieldsIn = (body: string) => {
  const { id, completedAt, createdAt, updatedAt, version, ...fields } = JSON.parse(body)
  return fields
}

describe('reversion', () => {
  it(
    'REV-01 REV-03 REV-04 REV-05 HIST-08 every earlier version can be had again, and the way there be taken back',
    serving({}, async (api) => {
      const { path, task } = await api.make({ description: 'a', tags: ['x'], due: '2026-11-30' })
      const states = [JSON.stringify(task)]
      for (const edit of [{ title: 'b', tags: ['y', 'z'] }, { due: null, status: 'done' }, { description: '', priority: 'high' }, { status: 'cancelled' }])
        states.push((await api.patch(path, edit)).body)
      for (const [n, state] of states.slice(0, -1).entries()) {
        const before = await api.get(path)
        const answer = await api.post(`${path}/reversion`, { version: n + 1 })
        expect([answer.status, fieldsIn(answer.body)], `version ${n + 1}`).to.deep.equal([200, fieldsIn(state)])
        const { version, completedAt, updatedAt, status } = JSON.parse(answer.body)
        expect(version).to.equal(JSON.parse(before.body).version + 1)
        expect(answer.headers['etag']).to.not.equal(before.headers['etag'])
        const wasDone = JSON.parse(before.body).status === 'done'
        expect(completedAt).to.equal(status !== 'done' ? null : wasDone ? JSON.parse(before.body).completedAt : updatedAt)
        expect(itemsIn(await api.get(`${path}/changes?limit=1`))[0]).to.include({ kind: 'reverted', version })
        const again = await api.post(`${path}/reversion`, { version })
        expect([again.status, again.body, again.headers['etag']]).to.deep.equal([200, answer.body, answer.headers['etag']])
        const same = await api.post(`${path}/reversion`, { version: n + 1 })
        expect([same.body, same.headers['etag']]).to.deep.equal([answer.body, answer.headers['etag']])
        const undone = await api.post(`${path}/reversion`, { version: version - 1 })
        expect(fieldsIn(undone.body), 'undo of undo').to.deep.equal(fieldsIn(before.body))
      }
    }),
  )

  it(
    'REV-02 a version that never was is 422 at /version, and so is a body that names none',
    serving({}, async (api) => {
      const { path, etag } = await api.make()
      for (const version of [0, -1, 2, 1.5, 1e10, 2 ** 31, '1', null, undefined, [1]]) {
        const answer = await api.post(`${path}/reversion`, { version })
        expect([problemIn(answer), JSON.parse(answer.body).errors.map(({ pointer }: { pointer: string }) => pointer)], String(version)).to.deep.equal([
          'validation',
          ['/version'],
        ])
      }
      expect(JSON.parse((await api.post(`${path}/reversion`, { version: 1, title: 'x' })).body).errors[0].pointer).to.equal('/title')
      expect(JSON.parse((await api.post(`${path}/reversion`, [])).body).errors[0].pointer).to.equal('')
      expect((await api.get(path)).headers['etag']).to.equal(etag)
      expect((await api.post(`${path}/reversion`, '{"version":1.0}', { headers: { 'Content-Type': 'application/json' } })).status).to.equal(200)
    }),
  )

  it('DOC-05 REV-02 the codec of a reversion and the document give the same verdict', () => {
    const some = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, '1', null, true, [], {}), fc.nat())
    const body = fc.oneof(fc.record({ version: some }), fc.record({ version: fc.nat(), more: some }), fc.constantFrom({}, [], null, 1, 'version'))
    const isGood = schemaOf('Reversion')
    fc.assert(fc.property(body, (one) => expect(REVERSION.decode(one)._tag === 'Right').to.equal(isGood(one)) && undefined))
  })

  it(
    'REV-06 a reversion takes If-Match, and with REQUIRE_IF_MATCH wants it; the precondition comes before the version',
    serving({ settings: { requireIfMatch: true } }, async (api) => {
      const { path, etag } = await api.make()
      const second = await api.patch(path, { title: 'b' }, { headers: { 'Content-Type': 'application/json', 'If-Match': etag } })
      const revert = (version: number, headers: Record<string, string>) => api.post(`${path}/reversion`, { version }, { headers })
      expect(problemIn(await revert(9, {}))).to.equal('precondition-required')
      const stale = await revert(9, { 'If-Match': etag })
      expect([problemIn(stale), JSON.parse(stale.body).current.title, stale.headers['etag']]).to.deep.equal([
        'precondition-failed',
        'b',
        second.headers['etag'],
      ])
      expect(problemIn(await revert(1, { 'If-Match': '*', 'If-None-Match': second.headers['etag'] ?? '' }))).to.equal('precondition-failed')
      expect(problemIn(await revert(9, { 'If-Match': second.headers['etag'] ?? '' }))).to.equal('validation')
      expect(problemIn(await revert(1, { 'If-Match': second.headers['etag'] ?? '' }))).to.equal(200)
    }),
  )

  it(
    'REV-06 a reversion sent twice with one key is answered twice and done once; what was refused leaves the key free; a token that may not read sees nothing',
    serving({}, async (api) => {
      const { path } = await api.make()
      await api.patch(path, { title: 'b' })
      const headers = { 'Idempotency-Key': 'k' }
      expect(problemIn(await api.post(`${path}/reversion`, { version: 7 }, { headers }))).to.equal('validation')
      const first = await api.post(`${path}/reversion`, { version: 1 }, { headers })
      await api.patch(path, { title: 'c' })
      const second = await api.post(`${path}/reversion`, { version: 1 }, { headers })
      expect([second.status, second.body, second.headers['etag']]).to.deep.equal([200, first.body, first.headers['etag']])
      expect(problemIn(await api.post(`${path}/reversion`, { version: 2 }, { headers }))).to.equal('idempotency-key-reused')
      expect(JSON.parse((await api.get(path)).body)).to.include({ title: 'c', version: 4 })
      const unseen = await api.post(`${path}/reversion`, { version: 1 }, { as: tokenOf('ada', 'tasks:write') })
      expect([unseen.status, unseen.body]).to.deep.equal([204, ''])
      expect(problemIn(await api.post(`${path}/reversion`, { version: 1 }, { as: tokenOf('ada', 'tasks:read') }))).to.equal('insufficient-permission')
      expect(problemIn(await api.post(`${path}/reversion`, '{}', { headers: { 'Content-Type': 'text/plain' } }))).to.equal('unsupported-media-type')
      expect(problemIn(await api.post(`${path}/reversion?x=1`, { version: 1 }))).to.equal('malformed-query')
    }),
  )

  it(
    'REV-06 a reversion beyond the storage quota is refused',
    serving({ ports: portsOver(createMemoryStore(), { tasks: 10, bytes: 25_000 }) }, async (api) => {
      const { path } = await api.make({ description: 'x'.repeat(9_000) })
      expect((await api.patch(path, { description: '' })).status).to.equal(200)
      expect(problemIn(await api.post(`${path}/reversion`, { version: 1 }))).to.equal('storage-quota-exceeded')
      expect(JSON.parse((await api.get(path)).body)).to.include({ description: '', version: 2 })
    }),
  )

  it(
    'REV-07 a task in the trash cannot be reverted, and no reversion takes one there',
    serving({}, async (api) => {
      const { path, id } = await api.make()
      await api.patch(path, { title: 'b' })
      await api.delete(path)
      expect(problemIn(await api.post(`${path}/reversion`, { version: 1 }))).to.equal('not-found')
      expect((await api.post(`/api/trash/${id}/restoration`, undefined)).status).to.equal(200)
      expect(JSON.parse((await api.post(`${path}/reversion`, { version: 3 })).body)).to.include({ title: 'b', version: 4 })
      expect(JSON.parse((await api.post(`${path}/reversion`, { version: 1 })).body)).to.include({ title: 'Buy milk', version: 5 })
    }),
  )
})

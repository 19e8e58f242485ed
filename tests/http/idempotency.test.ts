import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import type { Ports } from '../../src/application/ports.ts'
import { instantAt } from '../../src/domain/instant.ts'
import { BEGINNING, portsOver } from '../builders.ts'
import { figure } from '../contracts/opened-store.ts'
import { type Answer, type Client, problemIn, serving, tokenOf } from './client.ts'

const keyed = (key: string, more: Record<string, string> = {}) => ({ headers: { 'Idempotency-Key': key, 'Content-Type': 'application/json', ...more } })

/** What a retry must give again, byte for byte. */
const kept = ({ status, body, headers }: Answer) => ({ status, body, etag: headers['etag'], location: headers['location'] })

const count = async (api: Client): Promise<number> => JSON.parse((await api.get('/api/tasks?limit=100')).body).items.length

describe('Idempotency-Key', () => {
  it(
    'IDEM-01 is honoured for its owner, method and path, and is another key elsewhere',
    serving({}, async (api) => {
      const { path } = await api.make()
      const other = await api.make()
      const answers = [
        await api.post('/api/tasks', { title: 'x' }, keyed('k')),
        await api.put(path, { title: 'x' }, keyed('k')),
        await api.patch(path, { title: 'y' }, keyed('k')),
        await api.put(other.path, { title: 'x' }, keyed('k')),
        await api.put(`${path}/completion`, undefined, keyed('k')),
        await api.delete(`${path}/completion`, keyed('k')),
        await api.delete(path, keyed('k')),
        await api.post('/api/tasks', { title: 'x' }, { as: 'bob', ...keyed('k') }),
      ]
      expect(answers.map(({ status }) => status)).to.deep.equal([201, 200, 200, 200, 200, 200, 204, 201])
      expect(new Set(answers.map(({ headers }) => headers['etag']))).to.have.property('size', 8)
      expect(answers[7]?.body).to.not.equal(answers[0]?.body)
      expect((await api.get('/api/tasks', keyed(''))).status, 'a read has none').to.equal(200)
    }),
  )

  it('IDEM-01 is kept for 24 hours', async () => {
    let now = BEGINNING
    const ports: Ports = { ...portsOver(createMemoryStore()), clock: { now: () => instantAt(now) } }
    await serving({ ports }, async (api) => {
      const first = await api.post('/api/tasks', { title: 'x' }, keyed('k'))
      now += 24 * 3_600_000 - 1
      expect(kept(await api.post('/api/tasks', { title: 'x' }, keyed('k')))).to.deep.equal(kept(first))
      now += 1
      expect(kept(await api.post('/api/tasks', { title: 'x' }, keyed('k')))).to.not.deep.equal(kept(first))
    })()
  })

  it(
    'IDEM-02 is 1 to 255 printable ASCII characters, quoted or bare; both forms are one key; anything else is 400',
    serving({}, async (api) => {
      const long = 'k'.repeat(255)
      for (const [one, other] of [
        ['k1', '"k1"'],
        [long, `"${long}"`],
        ['a;b=c', '"a;b=c"'],
        ["it's!", '"it\'s!"'],
      ] as const) {
        expect(kept(await api.post('/api/tasks', { title: 'x' }, keyed(one)))).to.deep.equal(kept(await api.post('/api/tasks', { title: 'x' }, keyed(other))))
      }
      for (const quoted of ['"a b"', '"a,b"', '"\\""', '"\\\\"', `"${'\\"'.repeat(255)}"`]) {
        expect((await api.post('/api/tasks', { title: 'x' }, keyed(quoted))).status, quoted).to.equal(201)
      }
      const { path } = await api.make()
      for (const wrong of ['', '""', '"', '"a', 'a"', 'a b', 'a,b', 'a\\b', '"\\a"', '"a" "b"', '"a";x=1', '"\xe9"', '\xe9', `"${long}k"`, `${long}k`]) {
        expect(problemIn(await api.post('/api/tasks', { title: 'x' }, keyed(wrong))), wrong).to.equal('malformed-header')
        expect(problemIn(await api.delete(path, keyed(wrong))), wrong).to.equal('malformed-header')
      }
    }),
  )

  it(
    'IDEM-03 the same key and body are given the same answer again, byte for byte, and write nothing',
    serving({}, async (api) => {
      const made = await api.post('/api/tasks', { id: 'abcdefab-0000-4000-8000-00000000abcd', title: 'x' }, keyed('k'))
      const path = made.headers['location'] ?? ''
      const etag = made.headers['etag'] ?? ''
      const writes = [
        () => api.post('/api/tasks', { id: 'abcdefab-0000-4000-8000-00000000abcd', title: 'x' }, keyed('k')),
        () => api.patch(path, { title: 'y' }, keyed('k', { 'If-Match': etag })),
        () => api.put(path, { title: 'z' }, keyed('k')),
        () => api.put(`${path}/completion`, undefined, keyed('k')),
        () => api.delete(`${path}/completion`, keyed('k')),
        () => api.delete(path, keyed('k')),
      ]
      const first: object[] = []
      for (const write of writes) first.push(kept(await write()))
      expect(first[0]).to.deep.equal(kept(made))
      const again: object[] = []
      for (const write of writes) again.push(kept(await write()))
      expect(again).to.deep.equal(first)
      // The id in other letters, or encoded, is the same path.
      expect(
        kept(
          await api.patch(
            path.replace(/[0-9a-f-]{36}$/, (id) => id.toUpperCase()),
            { title: 'y' },
            keyed('k'),
          ),
        ),
      ).to.deep.equal(first[1])
      expect(await count(api)).to.equal(0)
    }),
  )

  it(
    'IDEM-03 PERM-04 a kept answer shows a task only to a token that may read',
    serving({}, async (api) => {
      const blind = { as: tokenOf('ada', 'tasks:write') }
      const unseen = await api.post('/api/tasks', { title: 'x' }, { ...blind, ...keyed('k') })
      const seen = await api.post('/api/tasks', { title: 'x' }, keyed('k'))
      expect([unseen.status, unseen.body, unseen.headers['location'], unseen.headers['etag']]).to.deep.equal([
        201,
        '',
        seen.headers['location'],
        seen.headers['etag'],
      ])
      expect(JSON.parse(seen.body).title).to.equal('x')
      const path = seen.headers['location'] ?? ''
      const patched = await api.patch(path, { title: 'y' }, keyed('k'))
      const again = await api.patch(path, { title: 'y' }, { ...blind, ...keyed('k') })
      expect([again.status, again.body, again.headers['etag']]).to.deep.equal([204, '', patched.headers['etag']])
    }),
  )

  it(
    'IDEM-04 the same key with another body is 422, before the task is looked for',
    serving({}, async (api) => {
      const made = await api.post('/api/tasks', { title: 'x' }, keyed('k'))
      const path = made.headers['location'] ?? ''
      for (const other of [{ title: 'y' }, { title: 1 }, { title: 'x', status: 'todo' }]) {
        expect(problemIn(await api.post('/api/tasks', other, keyed('k')))).to.equal('idempotency-key-reused')
      }
      expect(problemIn(await api.post('/api/tasks', '{"title": "x"}', keyed('k')))).to.equal('idempotency-key-reused')
      await api.delete(path, keyed('k'))
      expect(problemIn(await api.ask('DELETE', path, { body: '{}', ...keyed('k') }))).to.equal('idempotency-key-reused')
      expect((await api.delete(path, keyed('k'))).status).to.equal(204)
      expect(await count(api)).to.equal(0)
    }),
  )

  it('IDEM-05 while a write is under way another with its key is 409 with Retry-After', async () => {
    const ports = portsOver()
    const { of } = ports.tasks
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const slow: Ports = {
      ...ports,
      tasks: {
        of(owner) {
          const mine = of(owner)
          return {
            ...mine,
            async commit(commit) {
              reached.resolve()
              await gate.promise
              return mine.commit(commit)
            },
          }
        },
      },
    }
    await serving({ ports: slow }, async (api) => {
      const first = api.post('/api/tasks', { title: 'x' }, keyed('k'))
      await reached.promise
      const second = await api.post('/api/tasks', { title: 'x' }, keyed('k'))
      expect([problemIn(second), second.headers['retry-after']]).to.deep.equal(['idempotency-key-in-progress', '1'])
      gate.resolve()
      expect(kept(await api.post('/api/tasks', { title: 'x' }, keyed('k')))).to.deep.equal(kept(await first))
    })()
  })

  it('IDEM-05 of fifty simultaneous writes with one key exactly one writes', async function () {
    this.timeout(120_000)
    await serving({}, async (api) => {
      for (let round = 1; round <= figure(20); round++) {
        const race = await Promise.all(Array.from({ length: 50 }, () => api.post('/api/tasks', { title: 'x' }, keyed(`k${round}`))))
        const made = race.filter(({ status }) => status === 201).map(kept)
        expect(made.length).to.be.greaterThan(0)
        expect(new Set(made.map((one) => JSON.stringify(one)))).to.have.property('size', 1)
        expect(race.filter(({ status }) => status !== 201).every((answer) => problemIn(answer) === 'idempotency-key-in-progress')).to.equal(true)
        expect(await count(api)).to.equal(round)
      }
    })()
  })

  it(
    'IDEM-06 a request that was refused leaves its key free',
    serving({}, async (api) => {
      const { path, etag } = await api.make()
      expect(problemIn(await api.post('/api/tasks', { title: '' }, keyed('k')))).to.equal('validation')
      expect(problemIn(await api.post('/api/tasks', '{', keyed('k')))).to.equal('malformed-json')
      expect((await api.post('/api/tasks', { title: 'x' }, keyed('k'))).status).to.equal(201)
      expect(problemIn(await api.patch(path, { title: 'x' }, keyed('k', { 'If-Match': '"0"' })))).to.equal('precondition-failed')
      expect((await api.patch(path, { title: 'y' }, keyed('k', { 'If-Match': etag }))).status).to.equal(200)
    }),
  )

  it(
    'IDEM-07 a write that changes nothing keeps its key too',
    serving({}, async (api) => {
      const { path, etag } = await api.make()
      const first = await api.patch(path, {}, keyed('k'))
      expect(first.headers['etag']).to.equal(etag)
      await api.patch(path, { title: 'y' })
      expect(kept(await api.patch(path, {}, keyed('k')))).to.deep.equal(kept(first))
      expect(problemIn(await api.patch(path, { title: 'z' }, keyed('k')))).to.equal('idempotency-key-reused')
    }),
  )
})

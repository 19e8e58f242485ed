import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { idOf as idFrom, portsOver } from '../builders.ts'
import { figure } from '../contracts/opened-store.ts'
import { storesUnderTest } from '../databases.ts'
import { type Answer, type Client, problemIn, serving, tokenOf } from './client.ts'

/** Beside the ids that the ports of a test make, which count from 1. */
const idOf = (number: number): string => idFrom(number + 10_000)

const WRITES_ONLY = tokenOf('ada', 'tasks:write')

const batch = (api: Client, operations: unknown, { query = '', as = 'ada', headers = {} } = {}): Promise<Answer> =>
  api.post(`/api/batch${query}`, { operations }, { as, headers })

const creating = (number: number, title = 'Buy milk') => ({ op: 'create', body: { id: idOf(number), title } })

const resultsOf = ({ body }: Answer): readonly { readonly status: number; readonly task?: Record<string, unknown> | null }[] => JSON.parse(body).results

const listed = async (api: Client): Promise<readonly Record<string, unknown>[]> => JSON.parse((await api.get('/api/tasks?limit=100')).body).items

/** What is told of a batch that is refused: the kind of problem, and the operation's place. */
const refusal = (answer: Answer): string => `${problemIn(answer)} ${JSON.parse(answer.body).index}`

describe('batch', () => {
  it(
    'BATCH-01 each operation has the result that its own route would answer with',
    serving({}, async (api) => {
      const { id } = await api.make({ title: 'there' })
      const answer = await batch(api, [
        creating(1, ' New '),
        { op: 'patch', id: idOf(1).toUpperCase(), ifVersion: 1, body: { tags: ['b', 'a', 'a'], due: '2026-11-30T09:00+05:00' } },
        { op: 'complete', id },
        { op: 'reopen', id, ifVersion: 2 },
        { op: 'delete', id },
        { op: 'restore', id, ifVersion: 4 },
        { op: 'delete', id: idOf(1), ifVersion: 2 },
        { op: 'create', body: { title: 'made' } },
      ])
      expect(answer.status).to.equal(200)
      expect(answer.headers).to.include({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' }).and.not.have.property('etag')
      const results = resultsOf(answer)
      expect(results.map(({ status }) => status)).to.deep.equal([201, 200, 200, 200, 204, 200, 204, 201])
      expect(results[0]?.task).to.include({ id: idOf(1), title: 'New', version: 1 })
      expect(results[1]?.task).to.deep.include({ tags: ['a', 'b'], due: '2026-11-30T09:00:00+05:00', version: 2 })
      expect([results[4]?.task, results[6]?.task]).to.deep.equal([null, null])
      expect(await api.get(`/api/tasks/${id}`)).to.have.property('body', JSON.stringify(results[5]?.task))
      expect(await listed(api)).to.have.deep.members([results[5]?.task, results[7]?.task])
    }),
  )

  it(
    'BATCH-01 has 1 to 100 operations',
    serving({}, async (api) => {
      for (const wrong of [[], Array.from({ length: 101 }, (_, n) => creating(n)), {}, null, undefined]) {
        const answer = await batch(api, wrong)
        expect(problemIn(answer)).to.equal('validation')
        expect(JSON.parse(answer.body).errors[0].pointer).to.equal('/operations')
      }
      expect(
        (
          await batch(
            api,
            Array.from({ length: 100 }, (_, n) => creating(n)),
          )
        ).status,
      ).to.equal(200)
      expect(await listed(api)).to.have.length(100)
    }),
  )

  it(
    'BATCH-04 what is wrong in the shape is told with its place, at most 20, before anything that an operation is refused for',
    serving({}, async (api) => {
      const id = idOf(9)
      const answer = await batch(api, [
        { op: 'delete', id },
        { op: 'paint', id },
        null,
        { id },
        { op: 'patch', id, body: { title: '', colour: 'red' } },
        { op: 'create', id, body: { title: ' ' } },
        { op: 'complete', id: 'x', ifVersion: 0, body: {} },
        { op: 'restore', ifVersion: '1' },
        { op: '__proto__' },
        { op: 'create' },
      ])
      expect(problemIn(answer)).to.equal('validation')
      const { errors, index } = JSON.parse(answer.body)
      expect(index).to.equal(undefined)
      expect(errors.map(({ pointer }: { pointer: string }) => pointer)).to.deep.equal([
        '/operations/1/op',
        '/operations/2',
        '/operations/3/op',
        '/operations/4/body/title',
        '/operations/4/body/colour',
        '/operations/5/body/title',
        '/operations/5/id',
        '/operations/6/id',
        '/operations/6/ifVersion',
        '/operations/6/body',
        '/operations/7/id',
        '/operations/7/ifVersion',
        '/operations/8/op',
        '/operations/9/body',
      ])
      const many = await batch(
        api,
        Array.from({ length: 30 }, () => ({})),
      )
      expect(JSON.parse(many.body).errors).to.have.length(20)
      expect(problemIn(await api.post('/api/batch', '{"operations":[],"operations":[]}', { headers: { 'Content-Type': 'application/json' } }))).to.equal(
        'malformed-json',
      )
      expect(problemIn(await api.post('/api/batch', { operations: [creating(1)], more: 1 }))).to.equal('validation')
    }),
  )

  it(
    'BATCH-03 BATCH-05 the first operation that is refused decides, with its place, and nothing is changed',
    serving({ ports: portsOver(createMemoryStore(), { tasks: 3, bytes: 100_000 }) }, async (api) => {
      const { id, path, etag } = await api.make()
      await api.make({}, { as: 'bob' })
      const good = { op: 'patch', id, body: { title: 'changed' } }
      const cases: readonly (readonly [string, readonly object[]])[] = [
        ['not-found 1', [good, { op: 'complete', id: idOf(99) }, { op: 'delete', id: idOf(98) }]],
        ['not-found 0', [{ op: 'restore', id }]],
        ['precondition-failed 1', [good, { op: 'delete', id, ifVersion: 1 }]],
        ['already-exists 2', [good, creating(50), creating(50)]],
        ['task-quota-exceeded 3', [good, creating(50), creating(51), creating(52), { op: 'delete', id: idOf(99) }]],
        ['not-found 2', [good, creating(50), { op: 'complete', id: idOf(51) }, creating(51), creating(52)]],
      ]
      for (const [wanted, operations] of cases) expect(refusal(await batch(api, operations)), wanted).to.equal(wanted)
      expect((await api.get(path)).headers['etag']).to.equal(etag)
      expect(await listed(api)).to.have.length(1)
    }),
  )

  it(
    'BATCH-05 OWN-02 another owner’s task, a missing one and one in the trash are refused alike',
    serving({}, async (api) => {
      const theirs = await api.make({}, { as: 'bob' })
      const trashed = await api.make()
      await api.delete(trashed.path)
      const told = new Set<string>()
      for (const id of [theirs.id, trashed.id, idOf(99)]) {
        const { body, headers } = await batch(api, [{ op: 'patch', id, body: { title: 'x' } }])
        told.add(body.replace(headers['x-request-id'] ?? '', ''))
      }
      expect([...told]).to.have.length(1)
      expect(JSON.parse([...told][0] ?? '')).to.include({ status: 404, index: 0 })
      expect((await api.get(theirs.path, { as: 'bob' })).headers['etag']).to.equal(theirs.etag)
      expect((await batch(api, [creating(1)], { as: 'bob' })).status, 'ids are an owner’s own').to.equal(200)
      expect((await batch(api, [creating(1)])).status).to.equal(200)
    }),
  )

  it(
    'BATCH-06 ifVersion is the version at that point, and 412 shows the task as it is there',
    serving({}, async (api) => {
      const { id, path, etag } = await api.make()
      const stale = await batch(api, [
        { op: 'patch', id, ifVersion: 1, body: { title: 'changed' } },
        { op: 'complete', id, ifVersion: 1 },
      ])
      expect(refusal(stale)).to.equal('precondition-failed 1')
      expect(JSON.parse(stale.body).current).to.include({ id, title: 'changed', version: 2 })
      expect(stale.headers).to.not.have.property('etag')
      const blind = await batch(api, [{ op: 'complete', id, ifVersion: 7 }], { as: WRITES_ONLY })
      expect(refusal(blind)).to.equal('precondition-failed 0')
      expect(JSON.parse(blind.body)).to.not.have.property('current')
      expect((await api.get(path)).headers['etag']).to.equal(etag)
    }),
  )

  it(
    'BATCH-07 where If-Match is required so is ifVersion, but for a creation and a restoration',
    serving({ settings: { requireIfMatch: true } }, async (api) => {
      const { id } = await api.make()
      for (const op of ['patch', 'complete', 'reopen', 'delete']) {
        const body = op === 'patch' ? { body: {} } : {}
        expect(refusal(await batch(api, [creating(1), { op, id, ...body }])), op).to.equal('precondition-required 1')
        expect(refusal(await batch(api, [creating(1), { op, id: idOf(99), ...body }])), op).to.equal('not-found 1')
        expect(refusal(await batch(api, [{ op, id, ifVersion: 9, ...body }])), op).to.equal('precondition-failed 0')
      }
      const fit = [creating(1), { op: 'delete', id: idOf(1), ifVersion: 1 }, { op: 'restore', id: idOf(1) }]
      expect((await batch(api, fit)).status).to.equal(200)
    }),
  )

  it(
    'BATCH-08 a dry run answers what would happen and changes nothing; the same body is then carried out',
    serving({}, async (api) => {
      const { id, path, etag } = await api.make()
      const proposal = [
        { op: 'create', body: { title: 'new' } },
        { op: 'patch', id, ifVersion: 1, body: { title: 'changed' } },
        { op: 'delete', id, ifVersion: 2 },
      ]
      const keyed = { query: '?dryRun=true', headers: { 'Idempotency-Key': 'k' } }
      const dry = await batch(api, proposal, keyed)
      expect(dry.status).to.equal(200)
      expect(resultsOf(dry).map(({ task }) => task && [task['id'], task['title'], task['version']])).to.deep.equal([[null, 'new', 1], [id, 'changed', 2], null])
      expect((await api.get(path)).headers['etag']).to.equal(etag)
      expect(await listed(api)).to.have.length(1)
      expect((await batch(api, proposal.slice(0, 1), keyed)).status, 'the key is not looked at').to.equal(200)
      expect(refusal(await batch(api, [...proposal, { op: 'complete', id }], keyed))).to.equal('not-found 3')
      expect(problemIn(await batch(api, [{ op: 'paint' }], keyed))).to.equal('validation')
      for (const as of [WRITES_ONLY, tokenOf('ada', 'tasks:read')])
        expect(problemIn(await batch(api, proposal, { ...keyed, as }))).to.equal('insufficient-permission')
      expect(problemIn(await batch(api, proposal, { query: '?x=1&dryRun=true', as: WRITES_ONLY }))).to.equal('insufficient-permission')
      for (const query of ['?dryRun=yes', '?dryRun', '?dryRun=true&dryRun=true', '?x=1']) {
        expect(problemIn(await batch(api, proposal, { query })), query).to.equal('malformed-query')
      }
      const done = await batch(api, proposal, { query: '?dryRun=false', headers: { 'Idempotency-Key': 'k' } })
      expect(resultsOf(done).map(({ status }) => status)).to.deep.equal(resultsOf(dry).map(({ status }) => status))
      expect(await listed(api)).to.have.length(1)
    }),
  )

  it(
    'BATCH-10 to a token that may not read the results have no task, nor has what is kept of a purged one',
    serving({}, async (api) => {
      const { id } = await api.make()
      const operations = [creating(1, 'secret'), { op: 'complete', id }, { op: 'delete', id }]
      const keyed = { headers: { 'Idempotency-Key': 'k' } }
      const blind = await batch(api, operations, { ...keyed, as: WRITES_ONLY })
      expect(blind.body).to.equal('{"results":[{"status":201},{"status":200},{"status":204}]}')
      const seen = await batch(api, operations, keyed)
      expect(resultsOf(seen)[0]?.task).to.include({ title: 'secret' })
      expect((await api.delete(`/api/trash/${id}`)).status).to.equal(204)
      expect((await batch(api, operations, keyed)).body).to.equal(blind.body)
    }),
  )

  it(
    'BATCH-11 every operation counts, a batch is let in while one request is left, and what is owed carries over',
    serving({ settings: { rateLimit: 5 } }, async (api) => {
      const leftAfter = (answer: Answer): string => answer.headers['ratelimit']?.replace(/;t=.*/, '') ?? ''
      expect(leftAfter(await batch(api, [creating(1), creating(2)]))).to.equal('"minute";r=3')
      expect(leftAfter(await batch(api, [{ op: 'paint' }, creating(1)])), 'none was carried out').to.equal('"minute";r=2')
      expect(leftAfter(await batch(api, [creating(1)])), 'refused').to.equal('"minute";r=1')
      const over = await batch(
        api,
        Array.from({ length: 20 }, (_, n) => creating(n + 10)),
      )
      expect([over.status, leftAfter(over)]).to.deep.equal([200, '"minute";r=0'])
      expect(problemIn(await batch(api, [creating(3)]))).to.equal('quota-exceeded')
      expect(problemIn(await api.get('/api/tasks'))).to.equal('quota-exceeded')
      expect((await api.get('/api/tasks', { as: 'bob' })).status).to.equal(200)
    }),
  )

  it(
    'BATCH-11 the minutes that follow pay off what is owed, at the limit’s pace',
    serving({ settings: { rateLimit: 5 } }, async (api) => {
      const now = Date.now
      const left = async (seconds: number, as?: string): Promise<string | number> => {
        Date.now = () => now() + seconds * 1000
        const answer = await api.get('/api/tasks', as === undefined ? {} : { as })
        return answer.status === 200 ? Number(/r=(\d+)/.exec(answer.headers['ratelimit'] ?? '')?.[1]) : problemIn(answer)
      }
      try {
        await batch(
          api,
          Array.from({ length: 20 }, (_, n) => creating(n)),
        )
        await batch(
          api,
          Array.from({ length: 8 }, (_, n) => creating(n)),
          { as: 'bob' },
        )
        const after = [await left(1), await left(61), await left(122), await left(183), await left(244)]
        expect(after, 'fifteen are owed').to.deep.equal(['quota-exceeded', 'quota-exceeded', 'quota-exceeded', 'quota-exceeded', 4])
        expect([await left(61, 'bob'), await left(62, 'bob'), await left(123, 'bob')], 'three are owed').to.deep.equal([1, 0, 4])
      } finally {
        Date.now = now
      }
    }),
  )

  it(
    'BATCH-12 a body may have 1,048,576 bytes, and one more is 413',
    serving({}, async (api) => {
      const ofSize = (size: number): string => {
        const text = JSON.stringify({ operations: [creating(1)] })
        return text + ' '.repeat(size - text.length)
      }
      const sent = { headers: { 'Content-Type': 'application/json' } }
      expect(problemIn(await api.post('/api/batch', ofSize(1_048_577), sent))).to.equal('body-too-large')
      expect((await api.post('/api/batch', ofSize(1_048_576), sent)).status).to.equal(200)
      expect(problemIn(await api.post('/api/tasks', ofSize(102_401), sent))).to.equal('body-too-large')
    }),
  )

  for (const { name, open } of storesUnderTest) {
    it(`BATCH-09 IDEM-03 ${name}: sent twice with one key a batch gets the same answer, byte for byte`, async function () {
      this.timeout(60_000)
      const { store, close } = await open()
      try {
        await serving({ ports: portsOver(store) }, async (api) => {
          const { id } = await api.make()
          const operations = [creating(500, '"é" \\ 💡'), { op: 'create', body: { title: 'made' } }, { op: 'complete', id }, { op: 'delete', id }]
          const keyed = { headers: { 'Idempotency-Key': 'k' } }
          const first = await batch(api, operations, keyed)
          const tasks = await listed(api)
          const again = await batch(api, operations, keyed)
          expect([again.status, again.body]).to.deep.equal([first.status, first.body])
          expect(await listed(api)).to.deep.equal(tasks)
          expect(problemIn(await batch(api, operations.slice(1), keyed))).to.equal('idempotency-key-reused')
          expect((await batch(api, [creating(501)], { ...keyed, as: 'bob' })).status, 'another owner’s').to.equal(200)
          expect(refusal(await batch(api, [creating(500)], { headers: { 'Idempotency-Key': 'l' } }))).to.equal('already-exists 0')
          expect((await batch(api, [creating(502)], { headers: { 'Idempotency-Key': 'l' } })).status, 'a refusal leaves the key free').to.equal(200)
        })()
      } finally {
        await close()
      }
    })

    it(`BATCH-03 ${name}: of a batch of 100 with the 57th refused nobody sees anything, ${figure(20)} times`, async function () {
      this.timeout(120_000)
      const { store, close } = await open()
      try {
        await serving({ ports: portsOver(store) }, async (api) => {
          const refusable = Array.from({ length: 100 }, (_, n) => (n === 56 ? { op: 'complete', id: idOf(9999) } : creating(n + 1000)))
          let isOver = false
          const lengths = new Set<number>()
          const reading = (async () => {
            while (!isOver) lengths.add((await listed(api)).length)
          })()
          try {
            for (let round = 0; round < figure(20); round++) expect(refusal(await batch(api, refusable))).to.equal('not-found 56')
            await batch(api, refusable.with(56, creating(1056)))
            expect(await listed(api)).to.have.length(100)
          } finally {
            isOver = true
            await reading
          }
          expect([...lengths].filter((length) => length !== 0 && length !== 100)).to.deep.equal([])
        })()
      } finally {
        await close()
      }
    })
  }
})

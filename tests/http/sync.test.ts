import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { createIds } from '../../src/adapters/system/ids.ts'
import type { TaskStore } from '../../src/application/ports.ts'
import { instantAt } from '../../src/domain/instant.ts'
import { BEGINNING, portsOver, principalOf } from '../builders.ts'
import { figure } from '../contracts/opened-store.ts'
import { serverDatabase, storesUnderTest } from '../databases.ts'
import { SyncClient } from '../sync-client.ts'
import { type Client, problemIn, serving } from './client.ts'

const DAY = 24 * 3_600_000

interface Told {
  readonly changes: readonly { readonly seq: number; readonly kind: string; readonly taskId: string; readonly task: { readonly title: string } | null }[]
  readonly next: number
  readonly more: boolean
  readonly cursor: string | null
}

async function changes(api: Client, query = '', as = 'ada'): Promise<Told> {
  const answer = await api.get(`/api/changes${query}`, { as })
  if (answer.status !== 200) throw new Error(`no changes: ${answer.status} ${answer.body}`)
  return JSON.parse(answer.body)
}

const syncing = (api: Client): SyncClient =>
  new SyncClient((method, path, body, key) => api.ask(method, path, { body, headers: key === undefined ? {} : { 'Idempotency-Key': key } }))

/** Ports over a store whose clock stands still until it is moved. */
function timed(store: TaskStore) {
  const clock = { days: 0, now: () => instantAt(BEGINNING + clock.days * DAY) }
  return { clock, ports: { ...portsOver(store), clock } }
}

/** What is due at the moment, done. */
const forget = async (store: TaskStore, days: number): Promise<void> => {
  while ((await store.of(principalOf('ada').mayWrite()).forget(instantAt(BEGINNING + days * DAY), 10)) > 0);
}

describe('the feed of changes', () => {
  it(
    'SYNC-01 SYNC-02 SYNC-04 each task is told once, as it is now, and null where it is gone',
    serving({}, async (api) => {
      const [first, second] = [await api.make({ title: 'one' }), await api.make({ title: 'two' })]
      await api.patch(first.path, { title: 'changed' })
      const { changes: told, ...rest } = await changes(api, '?since=0')
      expect(told.map(({ seq, kind, taskId, task }) => [seq, kind, taskId, task?.title])).to.deep.equal([
        [2, 'created', second.id, 'two'],
        [3, 'edited', first.id, 'changed'],
      ])
      expect(JSON.stringify(told[1]?.task)).to.equal((await api.get(first.path)).body)
      expect(rest).to.deep.equal({ next: 3, more: false, cursor: null })
      await api.delete(second.path)
      expect((await changes(api, '?since=3')).changes.map(({ seq, kind, task }) => [seq, kind, task])).to.deep.equal([[4, 'deleted', null]])
      expect(await changes(api, '?since=4')).to.deep.equal({ changes: [], next: 4, more: false, cursor: null })
      expect(await changes(api, '', 'bob')).to.deep.equal({ changes: [], next: 0, more: false, cursor: null })
    }),
  )

  it(
    'SYNC-03 SYNC-09 limit is 1 to 1000 and 100 by default, since is a whole number, and all else is 400',
    serving({ ports: portsOver() }, async (api) => {
      for (let n = 0; n < 101; n++) await api.make()
      expect((await changes(api)).changes).to.have.length(100)
      expect((await changes(api, '?limit=1000')).changes).to.have.length(101)
      expect((await changes(api, '?limit=1')).changes).to.have.length(1)
      const wrong = [
        'limit=0',
        'limit=1001',
        'limit=01',
        'limit=',
        'since=-1',
        'since=1.0',
        'since=+1',
        'since=01',
        'since=1e3',
        'since=',
        'since=9007199254740992',
      ]
      for (const query of [...wrong, 'since=x', 'since=0&since=0', 'sort=title', 'since=%31%30%00'])
        expect(problemIn(await api.get(`/api/changes?${query}`)), query).to.equal('malformed-query')
      expect(problemIn(await api.get('/api/changes?since=9007199254740991'))).to.equal('sync-expired')
    }),
  )

  it(
    'SYNC-03 an answer ends at 1 MB, and goes on from there',
    serving({}, async (api) => {
      for (let n = 0; n < 40; n++) await api.make({ description: '\u0001'.repeat(10_000) })
      const first = await api.get('/api/changes?limit=1000')
      expect(Buffer.byteLength(first.body)).to.be.within(930_000, 1_000_000)
      const { more, next, cursor, changes: told } = JSON.parse(first.body)
      expect(more).to.equal(true)
      for (const query of [`?cursor=${cursor}`, `?since=${next}`]) expect((await changes(api, query)).changes[0]?.seq).to.equal(told.length + 1)
    }),
  )

  it(
    'SYNC-06 a cursor goes on with its walk, for its owner and for a day',
    (() => {
      const { clock, ports } = timed(createMemoryStore())
      return serving({ ports }, async (api) => {
        for (let n = 0; n < 5; n++) await api.make()
        const first = await api.get('/api/changes?limit=2')
        const { cursor, next } = JSON.parse(first.body)
        expect(first.headers['link']).to.equal(`</api/changes?limit=2&cursor=${cursor}>; rel="next"`)
        expect(next).to.equal(2)
        const second = await changes(api, `?limit=2&cursor=${cursor}`)
        expect(second.changes.map(({ seq }) => seq)).to.deep.equal([3, 4])
        const third = await api.get(`/api/changes?cursor=${second.cursor}`)
        expect([JSON.parse(third.body).next, third.headers['link']]).to.deep.equal([5, undefined])
        expect(problemIn(await api.get(`/api/changes?cursor=${cursor}&since=2`))).to.equal('malformed-query')
        const list = JSON.parse((await api.get('/api/tasks?limit=1')).body).nextCursor
        for (const wrong of ['', 'x', `${cursor}A`, list]) expect(problemIn(await api.get(`/api/changes?cursor=${wrong}`)), wrong).to.equal('invalid-cursor')
        expect(problemIn(await api.get(`/api/changes?cursor=${cursor}`, { as: 'bob' }))).to.equal('invalid-cursor')
        clock.days = 1
        expect((await changes(api, `?cursor=${cursor}`)).next).to.equal(5)
        // The cursor that this walk goes on with is as old as the walk.
        const late = (await changes(api, `?limit=1&cursor=${cursor}`)).cursor
        clock.days = 1.001
        for (const old of [cursor, late]) expect(problemIn(await api.get(`/api/changes?cursor=${old}`))).to.equal('invalid-cursor')
      })
    })(),
  )

  it('SYNC-06 a cursor of numbers that the owner has not, as of a backup, is 400', async () => {
    let cursor = ''
    await serving({}, async (api) => {
      for (let n = 0; n < 3; n++) await api.make()
      cursor = (await changes(api, '?limit=1')).cursor ?? ''
    })()
    await serving({}, async (api) => {
      await api.make()
      expect(problemIn(await api.get(`/api/changes?cursor=${cursor}`))).to.equal('invalid-cursor')
    })()
  })

  it(
    'SYNC-07 the list tells the number that it is true for, and the feed goes on from there',
    serving({}, async (api) => {
      expect((await api.get('/api/tasks')).headers['taskward-seq']).to.equal('0')
      const { path } = await api.make()
      await api.make()
      await api.delete(path)
      const list = await api.get('/api/tasks')
      expect(list.headers['taskward-seq']).to.equal('3')
      await api.make({ title: 'later' })
      expect((await changes(api, `?since=${list.headers['taskward-seq']}`)).changes.map(({ task }) => task?.title)).to.deep.equal(['later'])
    }),
  )

  for (const { name, open } of storesUnderTest) {
    const over = (test: (api: Client, store: TaskStore, clock: { days: number }) => Promise<void>) => async () => {
      const { store, close } = await open()
      const { clock, ports } = timed(store)
      try {
        await serving({ ports }, (api) => test(api, store, clock))()
      } finally {
        await close()
      }
    }

    it(
      `SYNC-05 ${name}: a walk from 0 leaves out what was gone when it began, and tells as null what goes meanwhile`,
      over(async (api) => {
        const made: { readonly id: string; readonly path: string }[] = []
        for (let n = 0; n < 6; n++) made.push(await api.make({ title: `${n}` }))
        await api.delete(made[5]?.path ?? '')
        const first = await changes(api, '?limit=2')
        const second = await changes(api, `?limit=2&cursor=${first.cursor}`)
        expect(first.changes.map(({ task }) => task?.title)).to.deep.equal(['0', '1'])
        await api.delete(made[0]?.path ?? '')
        const third = await changes(api, `?cursor=${second.cursor}`)
        expect(third.changes.map(({ taskId, task }) => [taskId, task?.title])).to.deep.equal([
          [made[4]?.id, '4'],
          [made[0]?.id, undefined],
        ])
        expect(third.next).to.equal(8)
        // From a kept number on, all is told that is gone since.
        expect((await changes(api, '?since=6')).changes.map(({ taskId }) => taskId)).to.deep.equal([made[5]?.id, made[0]?.id])
      }),
    )

    it(
      `SYNC-08 ${name}: what is older than what is forgotten, or ahead, is 410; a first sync goes on meanwhile`,
      over(async (api, store, clock) => {
        const made: { readonly id: string; readonly path: string }[] = []
        for (let n = 0; n < 6; n++) made.push(await api.make({ title: `${n}` }))
        await api.delete(made[0]?.path ?? '')
        await api.make({ title: 'last' })
        await forget(store, 31)
        clock.days = 61
        const first = await changes(api, '?limit=2')
        const kept = await changes(api, '?since=1&limit=1')
        expect((await changes(api, '?since=6')).changes.map(({ task }) => task?.title)).to.deep.equal([undefined, 'last'])
        await forget(store, 61)
        expect(problemIn(await api.get('/api/changes?since=6'))).to.equal('sync-expired')
        expect(problemIn(await api.get(`/api/changes?cursor=${kept.cursor}`))).to.equal('sync-expired')
        expect((await changes(api, '?since=7')).changes).to.have.length(1)
        expect(problemIn(await api.get('/api/changes?since=9'))).to.equal('sync-expired')
        expect((await changes(api, `?cursor=${first.cursor}`)).changes.map(({ task }) => task?.title)).to.deep.equal(['3', '4', '5', 'last'])
      }),
    )
  }

  it(`SYNC-08 a first sync of ${figure(5000)} tasks in pages while tombstones are forgotten ends with the right copy`, async function () {
    this.timeout(120_000)
    const store = createMemoryStore()
    const { clock, ports } = timed(store)
    await serving({ ports: { ...ports, quota: { tasks: 100_000, bytes: 1e9 } } }, async (api) => {
      const gone = figure(1000)
      for (let n = 0; n < figure(5000) + gone; n++) await api.make({ title: `${n}` })
      const { items } = JSON.parse((await api.get('/api/tasks?limit=100&sort=createdAt')).body)
      for (const { id } of items.slice(0, Math.min(gone, 100))) await api.delete(`/api/tasks/${id}`)
      await forget(store, 31)
      clock.days = 61
      const client = new SyncClient(async (method, path) => {
        // A few of them go with each page.
        if (pages++ > 0) await store.of(principalOf('ada').mayWrite()).forget(instantAt(BEGINNING + 61 * DAY), 3)
        const answer = await api.ask(method, path)
        expect(answer.status).to.equal(200)
        return answer
      })
      let pages = 0
      await client.sync()
      const left = figure(5000) + gone - Math.min(gone, 100)
      expect(client.copy.size).to.equal(left)
      expect(pages).to.equal(Math.ceil(left / 100))
    })()
  })

  it(`SYNC-10 PostgreSQL: with eight writers for ${figure(60, 3)} s the reader’s copy equals the table`, async function () {
    this.timeout(300_000)
    const database = await serverDatabase()
    const ports = { tasks: database.tasks, clock: systemClock, ids: createIds(), quota: { tasks: 100_000, bytes: 1e9 }, underWay: new Set<string>() }
    try {
      await serving({ ports }, async (api) => {
        const until = Date.now() + figure(60, 3) * 1000
        const writing = Promise.all(Array.from({ length: 8 }, (_, seed) => write(api, seed, until)))
        const reader = syncing(api)
        let last = 0
        let isWriting = true
        void writing.finally(() => {
          isWriting = false
        })
        while (isWriting) {
          const { changes: told, next } = await changes(api, `?since=${last}&limit=1000`)
          const numbers = told.map(({ seq }) => seq)
          expect(numbers).to.deep.equal([...new Set(numbers)].sort((a, b) => a - b))
          expect(numbers[0] ?? next + 1).to.be.greaterThan(last)
          last = next
          await reader.sync()
        }
        await writing
        await reader.sync()
        expect([...reader.copy.values()].sort(byId)).to.deep.equal((await everything(api)).sort(byId))
      })()
    } finally {
      await database.close()
    }
  })
})

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)

/** Adds, changes, completes and deletes tasks of its own until the time is up. */
async function write(api: Client, seed: number, until: number): Promise<void> {
  const mine: string[] = []
  for (let turn = seed; Date.now() < until; turn++) {
    const { path } = await api.make({ title: `writer ${seed}, turn ${turn}` })
    mine.push(path)
    await api.patch(path, { tags: [`${turn}`] })
    if (turn % 3 === 0) await api.put(`${mine[turn % mine.length]}/completion`, undefined)
    const oldest = mine.length > 10 ? mine.shift() : undefined
    if (oldest !== undefined) await api.delete(oldest)
  }
}

/** The whole table, by the list. */
async function everything(api: Client): Promise<{ id: string }[]> {
  const found: { id: string }[] = []
  for (let path = '/api/tasks?limit=100'; ; ) {
    const { items, nextCursor } = JSON.parse((await api.get(path)).body)
    found.push(...items)
    if (nextCursor === null) return found
    path = `/api/tasks?limit=100&cursor=${nextCursor}`
  }
}

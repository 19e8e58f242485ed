import { expect } from 'chai'
import { describe, it } from 'mocha'
import pg from 'pg'
import { openServer } from '../../src/adapters/postgres/server.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { createIds } from '../../src/adapters/system/ids.ts'
import type { Claims } from '../../src/application/authentication.ts'
import { type TaskStore, Unavailable } from '../../src/application/ports.ts'
import { portsOver } from '../builders.ts'
import { figure } from '../contracts/opened-store.ts'
import { freshDatabase, storesUnderTest, superuserUrl } from '../databases.ts'
import { Client, FAKE_VERIFIER, type Serving, serving, tokenOf } from './client.ts'
import { EventSource } from './event-source.ts'

const portsOf = (tasks: TaskStore) => ({ tasks, clock: systemClock, ids: createIds(), quota: { tasks: 100_000, bytes: 1e9 }, underWay: new Set<string>() })

/** A server, and streams that are closed with it. */
const streaming = (
  how: Serving,
  test: (api: Client, open: (query?: string, more?: ConstructorParameters<typeof EventSource>[2]) => Promise<EventSource>) => Promise<void>,
) =>
  serving(how, async (api) => {
    const all: EventSource[] = []
    try {
      await test(api, async (query, more) => {
        const source = new EventSource(api.port, query, more)
        all.push(source)
        await source.opened
        return source
      })
    } finally {
      for (const source of all) source.close()
    }
  })

const titles = (source: EventSource): readonly unknown[] => source.changes.map(({ task }) => task?.title ?? null)

describe('the feed, live', function () {
  // The embedded database is compiled while others are.
  this.timeout(30_000)

  for (const { name, open: openStore } of storesUnderTest) {
    it(`LIVE-01 LIVE-02 LIVE-03 ${name}: what changes is told as it is committed, in order, and resumed without a gap`, async () => {
      const { store, close } = await openStore()
      try {
        await streaming({ ports: portsOf(store) }, async (api, open) => {
          const { path } = await api.make({ title: 'one' })
          await api.make({ title: 'two' })
          const source = await open('?since=0')
          expect(source.headers['content-type']).to.equal('text/event-stream')
          expect(source.headers['cache-control']).to.equal('no-store')
          await source.until(() => source.events.length === 3)
          expect(source.events.map(({ id, event }) => [id, event])).to.deep.equal([
            [undefined, 'change'],
            [undefined, 'change'],
            ['2', undefined],
          ])
          await api.patch(path, { title: 'changed' })
          await source.until(() => source.events.length === 4)
          await api.delete(path)
          await source.until(() => source.events.length === 5)
          expect(source.events.slice(3).map(({ id, event }) => [id, event])).to.deep.equal([
            ['3', 'change'],
            ['4', 'change'],
          ])
          expect(titles(source)).to.deep.equal(['one', 'two', 'changed', null])
          source.close()
          await api.make({ title: 'meanwhile' })
          // The header wins over the parameter.
          const resumed = await open('?since=0', { headers: { 'Last-Event-ID': '3' } })
          await resumed.until(() => resumed.events.length === 2)
          expect(resumed.events.map(({ id }) => id)).to.deep.equal(['4', '5'])
          const feed = JSON.parse((await api.get('/api/changes?since=3')).body)
          expect(resumed.changes).to.deep.equal(feed.changes)
        })()
      } finally {
        await close()
      }
    })
  }

  it(
    'LIVE-01 nobody is told of another’s changes, and a token without tasks:read opens no stream',
    streaming({}, async (api, open) => {
      const [ada, bob] = [await open('?since=0'), await open('?since=0', { as: 'bob' })]
      await api.make({ title: 'hers' })
      await api.make({ title: 'his' }, { as: 'bob' })
      await Promise.all([ada.until(() => ada.changes.length === 1), bob.until(() => bob.changes.length === 1)])
      expect([titles(ada), titles(bob)]).to.deep.equal([['hers'], ['his']])
      expect((await open('', { as: tokenOf('ada', 'tasks:write') })).status).to.equal(403)
    }),
  )

  it(
    'LIVE-02 what the feed refuses is refused before a stream begins; HEAD opens none',
    streaming({}, async (api, open) => {
      await api.make()
      expect((await open('?since=2')).status).to.equal(410)
      expect((await open('', { headers: { 'Last-Event-ID': '2' } })).status).to.equal(410)
      for (const [query, id] of [
        ['?since=x', undefined],
        ['?cursor=x', undefined],
        ['?since=1&since=1', undefined],
        ['', '-1'],
        ['', 'x'],
        ['', '01'],
      ] as const)
        expect((await open(query, { headers: id === undefined ? {} : { 'Last-Event-ID': id } })).status, `${query} ${id}`).to.equal(400)
      const head = await api.ask('HEAD', '/api/changes', { headers: { Accept: 'text/event-stream' } })
      expect([head.status, head.headers['content-type'], head.body]).to.deep.equal([200, 'text/event-stream', ''])
      // Whoever takes both is answered at once; the stream is for those who want it most.
      expect((await api.get('/api/changes', { headers: { Accept: '*/*' } })).headers['content-type']).to.match(/json/)
      expect((await api.get('/api/changes', { headers: { Accept: 'text/event-stream;q=0.5, application/json' } })).headers['content-type']).to.match(/json/)
      expect((await open('?since=1', { headers: { Accept: 'text/event-stream, */*;q=0.1' } })).headers['content-type']).to.equal('text/event-stream')
    }),
  )

  it(
    'LIVE-05 a stream ends with its token, and says so',
    streaming({}, async (_, open) => {
      const source = await open('?since=0', { as: tokenOf('ada', undefined, Date.now() / 1000 + 1.5) })
      expect(source.status).to.equal(200)
      await source.ended()
      expect(source.events.at(-1)).to.deep.equal({ event: 'end', data: '{"reason":"token-expired"}' })
    }),
  )

  it('LIVE-05 a stream ends when the key of its token is withdrawn, and says so', async () => {
    let isGood: (claims: Claims) => Promise<boolean> = async () => true
    await streaming({ verifier: { ...FAKE_VERIFIER, isStillGood: (claims) => isGood(claims) } }, async (_, open) => {
      const [source, other] = [await open('?since=0'), await open('?since=0', { as: 'bob' })]
      isGood = async ({ subject }) => subject !== 'ada'
      await source.ended()
      expect(source.events.at(-1)).to.deep.equal({ event: 'end', data: '{"reason":"key-withdrawn"}' })
      expect(other.isClosed).to.equal(false)
      isGood = () => Promise.reject(new Unavailable('issuer'))
      await other.ended()
      expect(other.events.at(-1)).to.deep.equal({ event: 'end', data: '{"reason":"service-unavailable"}' })
    })()
  })

  it('LIVE-05 LIVE-06 a server that stops says so on each stream, and waits for none', async () => {
    await streaming({}, async (api, open) => {
      const [reading, slow] = [await open('?since=0'), await open('?since=0')]
      slow.pause()
      await reading.until(() => reading.events.length === 1)
      const began = Date.now()
      await api.server.stop(10)
      expect(Date.now() - began).to.be.lessThan(2_500)
      await reading.ended()
      expect(reading.events.at(-1)).to.deep.equal({ event: 'end', data: '{"reason":"server-stopping"}' })
    })()
  })

  it('LIVE-04 LIVE-06 a comment is sent every 15 s; a stream is not in flight, and is not cut by the time that a request has', async function () {
    this.timeout(30_000)
    await streaming({ settings: { maxInFlight: 1 } }, async (api, open) => {
      const source = await open('?since=0')
      const began = Date.now()
      await source.until(() => source.blocks.some(({ comment }) => comment !== undefined), 20)
      expect(Date.now() - began).to.be.within(14_000, 17_000)
      // A request is cut after 15 s, and looked for twice a second.
      await new Promise((resolve) => setTimeout(resolve, 1_200))
      await api.make({ title: 'late' })
      await source.until(() => source.changes.length === 1)
    })()
  })

  it(
    'LIVE-07 an owner has ten streams, all owners as many as are set; a stream that ends gives its place back',
    streaming({ settings: { maxStreams: 12 } }, async (_, open) => {
      const mine: EventSource[] = []
      for (let n = 0; n < 10; n++) mine.push(await open('?since=0'))
      expect(mine.map(({ status }) => status)).to.deep.equal(Array(10).fill(200))
      const eleventh = await open('?since=0')
      expect([eleventh.status, eleventh.headers['retry-after']]).to.deep.equal([429, '1'])
      for (const as of ['bob', 'cat']) expect((await open('?since=0', { as })).status).to.equal(200)
      const beyond = await open('?since=0', { as: 'dan' })
      expect([beyond.status, beyond.headers['retry-after']]).to.deep.equal([503, '1'])
      // What is refused takes no place, and what is gone has given it back.
      mine[0]?.close()
      for (let tries = 0; ; tries++) {
        const again = await open('?since=1000')
        if (again.status === 410) break
        expect([429, 503]).to.include(again.status)
        expect(tries).to.be.lessThan(100)
      }
      expect((await open('?since=0')).status).to.equal(200)
    }),
  )

  it('LIVE-08 a reader that does not read holds little, and gets the latest state of each task once it reads on', async function () {
    this.timeout(60_000)
    let looks = 0
    const ports = portsOver()
    const counting: TaskStore = {
      of(owner) {
        const mine = ports.tasks.of(owner)
        return {
          ...mine,
          changes(query) {
            looks++
            return mine.changes(query)
          },
        }
      },
    }
    await streaming({ ports: { ...ports, tasks: counting } }, async (api, open) => {
      const paths: string[] = []
      for (let n = 0; n < 200; n++) paths.push((await api.make({ title: `${n}`, description: 'x'.repeat(10_000) })).path)
      const source = await open('?since=1')
      source.pause()
      // The system's own buffers take some megabytes of the twenty; after them nothing is read for it any more, however much is written.
      const rounds = 10
      const before = looks
      for (let round = 0; round < rounds; round++) for (const path of paths) await api.patch(path, { title: `${round} ${path}` })
      expect(looks - before).to.be.lessThan(rounds * 10)
      source.resume()
      const last = String(200 + 200 * rounds)
      await source.until(() => source.events.at(-1)?.id === last, 30)
      const titled = new Map(source.changes.map(({ taskId, task }) => [`${rounds - 1} /api/tasks/${taskId}`, task.title]))
      expect(paths.map((path) => titled.get(`${rounds - 1} ${path}`))).to.deep.equal(paths.map((path) => `${rounds - 1} ${path}`))
      // Of the states in between those that were overtaken are left out.
      expect(source.changes.length).to.be.lessThan(199 + 200 * rounds)
    })()
  })

  describe('on two servers over one PostgreSQL database', function () {
    this.timeout(300_000)

    const onTwo = (test: (servers: readonly [Client, Client], sources: readonly [EventSource, EventSource], url: string) => Promise<void>) => async () => {
      const { url, drop } = await freshDatabase()
      const databases = await Promise.all([openServer({ url, pool: 4 }), openServer({ url, pool: 4 })])
      await databases[0]?.migrate()
      const [one, two] = databases.map(({ tasks }) => new Client({ ports: portsOf(tasks) }))
      if (one === undefined || two === undefined) throw new Error('two servers')
      await Promise.all([one.listen(), two.listen()])
      const sources = [new EventSource(one.port, '?since=0'), new EventSource(two.port, '?since=0')] as const
      try {
        await Promise.all(sources.map(({ opened }) => opened))
        await test([one, two], sources, url)
      } finally {
        for (const source of sources) source.close()
        await Promise.all([one.stop(), two.stop()])
        await Promise.all(databases.map((database) => database.close()))
        await drop()
      }
    }

    it(
      `LIVE-01 LIVE-09 for ${figure(60, 3)} s of writing on both, the last state of each task arrives on both streams, in order, nothing twice`,
      onTwo(async (servers, sources) => {
        const until = Date.now() + figure(60, 3) * 1000
        await Promise.all(Array.from({ length: 8 }, (_, seed) => write(servers[seed % 2] ?? servers[0], until)))
        await isWhole(servers[0], sources)
      }),
    )

    it(
      'LIVE-09 a change on one server reaches the other’s stream at once, and within a second or two where no message comes',
      onTwo(async ([one], [, other], url) => {
        await other.until(() => other.events.length === 1)
        // Its LISTEN takes a moment of its own: the look makes up for it, so only what comes after is measured.
        await one.make({ title: 'first' })
        await other.until(() => titles(other).length === 1)
        await new Promise((resolve) => setTimeout(resolve, 1_200))
        const began = Date.now()
        await one.make({ title: 'second' })
        await other.until(() => titles(other).length === 2)
        expect(Date.now() - began, 'by message').to.be.lessThan(700)
        // A writer that dies between its commit and its message: here one that never sends any.
        const silent = new pg.Client(url)
        await silent.connect()
        await silent.query(`select set_config('app.owner_id', 'ada', false)`)
        await silent.query('begin')
        await silent.query(`update owners set seq = seq + 1 where owner_id = 'ada'`)
        await silent.query(`update tasks set seq = 3, version = 2, printed = replace(printed, 'second', 'silent') where owner_id = 'ada' and seq = 2`)
        await silent.query(`insert into changes select owner_id, 3, id, 2, 'edited', updated_at, 'x', '{}', 256 from tasks where owner_id = 'ada' and seq = 3`)
        await silent.query('commit')
        await silent.end()
        await other.until(() => titles(other).length === 3, 5)
        expect(titles(other).at(-1)).to.equal('silent')
      }),
    )

    it(
      'LIVE-09 streams outlast the loss of every connection to the database',
      onTwo(async (servers, sources, url) => {
        for (let round = 0; round < 3; round++) {
          await Promise.all(Array.from({ length: 4 }, (_, seed) => write(servers[seed % 2] ?? servers[0], Date.now() + 500)))
          await cut(url)
        }
        await write(servers[1], Date.now() + 200)
        await isWhole(servers[0], sources)
      }),
    )
  })
})

/** Ends every connection to the database but the one that asks. */
async function cut(url: string): Promise<void> {
  const client = new pg.Client(await superuserUrl())
  await client.connect()
  await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()', [new URL(url).pathname.slice(1)])
  await client.end()
}

interface Told {
  readonly taskId: string
  readonly task: unknown
}

/** Both streams come to the owner's latest number, and what each told last of a task is how it is; numbers rise on each. */
async function isWhole(api: Client, sources: readonly EventSource[]): Promise<void> {
  const all: Told[] = []
  let reached = 0
  for (let more = true; more; ) {
    const told = JSON.parse((await api.get(`/api/changes?limit=1000&since=${reached}`)).body)
    all.push(...told.changes)
    reached = told.next
    more = told.more
  }
  expect(reached).to.be.greaterThan(0)
  for (const source of sources) {
    await source.until(() => source.changes.at(-1)?.seq === reached, 20)
    const numbers = source.changes.map((change) => change.seq)
    expect(numbers).to.deep.equal([...new Set(numbers)].sort((a, b) => a - b))
    const kept = new Map<string, unknown>()
    for (const { taskId, task } of source.changes) {
      if (task === null) kept.delete(taskId)
      else kept.set(taskId, task)
    }
    expect(Object.fromEntries(kept)).to.deep.equal(Object.fromEntries(all.filter(({ task }) => task !== null).map(({ taskId, task }) => [taskId, task])))
  }
}

/** Adds, changes and deletes tasks of its own until the time is up. A write that meets an outage is left at that. */
async function write(api: Client, until: number): Promise<void> {
  const mine: string[] = []
  for (let turn = 0; Date.now() < until; turn++) {
    const answer = await api.post('/api/tasks', { title: `turn ${turn}` })
    if (answer.status !== 201) continue
    mine.push(`/api/tasks/${JSON.parse(answer.body).id}`)
    await api.patch(mine[turn % mine.length] ?? '', { title: `turn ${turn} again` })
    const oldest = mine.length > 5 ? mine.shift() : undefined
    if (oldest !== undefined) await api.delete(oldest)
  }
}

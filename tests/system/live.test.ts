import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { runOn, startPostgres } from '../databases.ts'
import { EventSource } from '../http/event-source.ts'
import { openRelay, type Relay } from '../relay.ts'
import { type Client, createClient } from './client.ts'
import { cleanUp, freshDirectory, LONG, type Server, startServer, tokenOf } from './process.ts'

const WRITERS = 8
const READERS = 4

interface Told {
  readonly seq: number
  readonly taskId: string
  readonly task: unknown
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  for (const late = Date.now() + 20_000; !isSo(); await pause(20)) if (Date.now() > late) throw new Error(`late: ${what()}`)
}

/** Follows the feed behind the address, over one connection after the other, each of which goes on after the last number of those before. */
class Reader {
  readonly connections: { readonly after: number; readonly source: EventSource }[] = []
  #isOver = false
  #following: Promise<void> = Promise.resolve()

  follow(port: number, token: string): Promise<void> {
    const open = async (): Promise<EventSource> => {
      const after = this.reached
      const source = new EventSource(port, '?since=0', { as: token, headers: after === 0 ? {} : { 'Last-Event-ID': String(after) } })
      // Where nobody answers it is closed, which is what is looked at.
      await source.opened.catch(() => undefined)
      if (source.status === 200) this.connections.push({ after, source })
      return source
    }
    const first = open()
    this.#following = first.then(async (opened) => {
      for (let source = opened; !this.#isOver; source = await open()) {
        while (!source.isClosed && !this.#isOver) await pause(20)
        await pause(50)
      }
    })
    return first.then(() => undefined)
  }

  /** The last number that was told with an `id`; 0 before the first. */
  get reached(): number {
    return Number(this.connections.flatMap(({ source }) => source.events.flatMap(({ id }) => id ?? [])).at(-1) ?? 0)
  }

  /** What a client holds that has kept to what it was told. */
  get kept(): ReadonlyMap<string, unknown> {
    const kept = new Map<string, unknown>()
    for (const { after, source } of this.connections) {
      if (after === 0) kept.clear()
      for (const { taskId, task } of source.changes) put(kept, taskId, task)
    }
    return kept
  }

  async close(): Promise<void> {
    this.#isOver = true
    for (const { source } of this.connections) source.close()
    await this.#following
  }
}

function put(kept: Map<string, unknown>, id: string, task: unknown): void {
  if (task === null) kept.delete(id)
  else kept.set(id, task)
}

/** What the writers were answered. */
class Books {
  readonly tasks = new Map<string, unknown>()
  written = 0
  retried = 0
}

/** A write, asked again under its key for as long as its outcome is not known. @returns the task, or null */
async function settle(client: Client, books: Books, method: string, path: string, body?: unknown): Promise<{ readonly id: string } | null> {
  const key = randomUUID()
  for (const late = Date.now() + 30_000; ; ) {
    const exchange = await client.send(method, path, body, { 'idempotency-key': key })
    if (!('failed' in exchange) && exchange.whole && exchange.status < 300) {
      books.written++
      return exchange.body === '' ? null : JSON.parse(exchange.body)
    }
    // The server that had it is gone, the database is away, or the first try of it is still under way.
    const isUnknown = 'failed' in exchange || !exchange.whole || exchange.status === 503 || exchange.body.includes('idempotency-key-in-progress')
    if (!isUnknown || Date.now() > late) throw new Error(`${method} ${path}: ${JSON.stringify(exchange)}`)
    books.retried++
    await pause(50)
  }
}

/** Adds, changes and deletes tasks of its own until it is over. */
async function write(client: Client, books: Books, isOver: () => boolean): Promise<void> {
  const mine: string[] = []
  for (let turn = 0; !isOver(); turn++) {
    const made = await settle(client, books, 'POST', '/api/tasks', { title: `turn ${turn}` })
    if (made === null) throw new Error('a creation without a task')
    books.tasks.set(made.id, made)
    mine.push(made.id)
    const changed = mine[turn % mine.length] ?? ''
    books.tasks.set(changed, await settle(client, books, 'PATCH', `/api/tasks/${changed}`, { title: `turn ${turn} again` }))
    const oldest = mine.length > 5 ? mine.shift() : undefined
    if (oldest === undefined) continue
    await settle(client, books, 'DELETE', `/api/tasks/${oldest}`)
    books.tasks.delete(oldest)
  }
}

/** All that there is, and the owner's latest number. */
async function whole(client: Client): Promise<{ readonly tasks: Map<string, unknown>; readonly seq: number }> {
  const tasks = new Map<string, unknown>()
  for (let seq = 0; ; ) {
    const exchange = await client.send('GET', `/api/changes?limit=1000&since=${seq}`)
    if ('failed' in exchange || exchange.status !== 200) throw new Error(`no feed: ${JSON.stringify(exchange)}`)
    const page: { readonly changes: readonly Told[]; readonly next: number; readonly more: boolean } = JSON.parse(exchange.body)
    for (const { taskId, task } of page.changes) put(tasks, taskId, task)
    seq = page.next
    if (!page.more) return { tasks, seq }
  }
}

const sorted = (tasks: ReadonlyMap<string, unknown>) => [...tasks].sort(([a], [b]) => (a < b ? -1 : 1))

describe('live streams behind one address', function () {
  this.timeout(180_000)
  const closing: (() => Promise<void>)[] = []

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
    await cleanUp()
  })

  async function openTwo(DATABASE_URL: string) {
    const environment = { DATABASE_URL, DATA_DIR: freshDirectory(), LOG_LEVEL: 'silent' }
    const servers: Server[] = [await startServer(environment)]
    const token = tokenOf(servers[0] ?? fail())
    servers.push(await startServer(environment))
    const relay: Relay = await openRelay(() => servers.map(({ url }) => Number(new URL(url).port)))
    closing.push(() => relay.close())
    return { environment, servers, token, port: relay.port }
  }

  const fail = (): never => {
    throw new Error('there is no server')
  }

  it(`LIVE-01 LIVE-02 LIVE-09 IDEM-03 STORE-01 for ${LONG ? 60 : 5} s of writing the last state of each task arrives on each stream, in order, nothing twice, though the database is stopped at once and started, and a server killed`, async () => {
    const postgres = await startPostgres()
    closing.push(() => postgres.stop())
    await runOn(postgres.superuser, 'create database behind owner ordinary')
    const { environment, servers, token, port } = await openTwo(`${postgres.ordinary}/behind`)
    const readers = Array.from({ length: READERS }, () => new Reader())
    for (const reader of readers) {
      closing.push(() => reader.close())
      // In turn, so that half of them are with either server.
      await reader.follow(port, token)
    }
    const connections = (): number => readers.reduce((sum, reader) => sum + reader.connections.length, 0)
    expect(connections()).to.equal(READERS)

    const client = createClient(`http://127.0.0.1:${port}`, token)
    closing.push(async () => client.close())
    const books = new Books()
    const end = Date.now() + (LONG ? 60_000 : 5_000)
    let isOver = false
    const writing = Promise.all(Array.from({ length: WRITERS }, () => write(client, books, () => isOver)))
    closing.push(async () => {
      isOver = true
      await writing.catch(() => undefined)
    })
    /** Until each stream has told of a hundred more changes. */
    async function goesOn(): Promise<void> {
      const wanted = Math.max(...readers.map(({ reached }) => reached)) + 100
      const told = until(
        () => readers.every(({ reached }) => reached >= wanted),
        () => `${readers.map(({ reached }) => reached)} of ${wanted}`,
      )
      await Promise.race([told, writing])
    }
    do {
      await goesOn()
      const before = connections()
      await postgres.crash()
      await goesOn()
      expect(connections(), 'a database that is away ends no stream').to.equal(before)
      const killed = servers.shift() ?? fail()
      killed.signal('SIGKILL')
      await killed.ended
      await goesOn()
      expect(connections(), 'what was with the server that is gone is with the other').to.be.greaterThan(before)
      servers.push(await startServer(environment))
    } while (Date.now() < end)
    isOver = true
    await writing

    const { tasks, seq } = await whole(client)
    expect(books.retried).to.be.greaterThan(0)
    // Nothing that was acknowledged is lost, and nothing was written twice.
    expect(seq).to.equal(books.written)
    expect(sorted(tasks)).to.deep.equal(sorted(books.tasks))
    await until(
      () => readers.every(({ reached }) => reached === seq),
      () => `${readers.map(({ reached }) => reached)} of ${seq}`,
    )
    for (const reader of readers) {
      for (const { after, source } of reader.connections) {
        const numbers = [after, ...source.changes.map((change) => change.seq)]
        expect(numbers).to.deep.equal([...new Set(numbers)].sort((a, b) => a - b))
      }
      expect(sorted(reader.kept)).to.deep.equal(sorted(tasks))
    }
  })
})

import { createServer } from 'node:net'
import { expect } from 'chai'
import { SignJWT } from 'jose'
import { after, afterEach, before, describe, it } from 'mocha'
import pg from 'pg'
import { type FreshDatabase, freshOnOwnServer, runOn, superuserUrl } from '../databases.ts'
import { EventSource } from '../http/event-source.ts'
import { allIds, beginRequest, createClient, refused, startWriting } from './client.ts'
import { cleanUp, type Environment, freshDirectory, LONG, listenersOf, MAIN, NPM_START, run, type Server, start, startServer, tokenOf } from './process.ts'

const SECRET = 'q'.repeat(32)
const LIMIT = 60

async function tokenFor(sub: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ sub, iat: now, exp: now + 600 }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(SECRET))
}

/** One request, on a connection that others may be on too where none is free. */
async function ask({ url }: Server, token: string | undefined, { address = '192.0.2.1', method = 'GET', path = '/api/tasks', body }: Asked = {}) {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    'x-forwarded-for': address,
  }
  const answer = await fetch(url + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) })
  const text = await answer.text()
  return { status: answer.status, left: Number(/;r=(\d+);/.exec(answer.headers.get('ratelimit') ?? '')?.[1]), text }
}

interface Asked {
  readonly address?: string
  readonly method?: string
  readonly path?: string
  readonly body?: unknown
}

const times = <T>(count: number, work: (at: number) => Promise<T>): Promise<readonly T[]> => Promise.all(Array.from({ length: count }, (_, at) => work(at)))
const countOf = (all: readonly { readonly status: number }[], wanted: number): number => all.filter(({ status }) => status === wanted).length

/** The worker processes that answered, by the log. */
const answerers = (log: string): ReadonlySet<string> => new Set([...log.matchAll(/"pid":(\d+),.*"msg":"answered"/g)].map(([, pid = '']) => pid))

async function workersOf(server: Server): Promise<readonly number[]> {
  const [, one, other] = await server.logged(/"worker":(\d+),"msg":"worker-started"[\s\S]*"worker":(\d+),"msg":"worker-started"/)
  return [Number(one), Number(other)]
}

async function openStream({ url }: Server, token: string): Promise<EventSource> {
  const source = new EventSource(Number(new URL(url).port), '', { as: token })
  await source.opened
  return source
}

describe('several processes on one port', function () {
  this.timeout(60_000)
  let database: FreshDatabase

  before(async () => {
    database = await freshOnOwnServer()
  })
  afterEach(cleanUp)
  after(() => database.drop())

  /** What the server has open to the database. */
  async function connections(): Promise<number> {
    const client = new pg.Client(database.url)
    await client.connect()
    const { rows } = await client.query(`select count(*)::int from pg_stat_activity where datname = current_database() and application_name = 'taskward'`)
    await client.end()
    return rows[0].count
  }

  const startTwo = (environment: Environment = {}, command: readonly [string, ...string[]] = MAIN): Promise<Server> =>
    startServer({ DATABASE_URL: database.url, WORKERS: '2', LOG_LEVEL: 'info', ...environment }, command)

  it('OPS-23 listen on their port once: the first of them takes connections for all', async () => {
    expect(listenersOf(await startTwo())).to.equal(1)
  })

  it('PROC-01 PROC-02 PROC-03 PROC-07 divide what is set, share the limit of an owner, of an address and of a batch exactly, and add up their figures', async () => {
    const server = await startTwo({
      RATE_LIMIT: String(LIMIT),
      TRUSTED_PROXIES: '1',
      AUTH_SECRET: SECRET,
      METRICS_TOKEN: 'figures',
      DATABASE_POOL: '3',
      MAX_STREAMS: '3',
    })
    const [ada, bob, eve] = await times(3, (at) => tokenFor(`owner-${at}`))

    const answers = await times(LIMIT + 20, () => ask(server, ada))
    expect([countOf(answers, 200), countOf(answers, 429)]).to.deep.equal([LIMIT, 20])
    const left = answers.filter(({ status }) => status === 200).map((one) => one.left)
    expect(left.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: LIMIT }, (_, at) => at))

    // Of many owners, for one of them has a part of the connections only.
    const crowd = await times(30, async (at) => ask(server, await tokenFor(`crowd-${at}`)))
    expect(countOf(crowd, 200)).to.equal(30)
    expect(await connections(), 'and one for the first process').to.be.within(3, 4)

    const strangers = await times(LIMIT + 20, () => ask(server, undefined, { address: '192.0.2.7' }))
    expect([countOf(strangers, 401), countOf(strangers, 429)]).to.deep.equal([LIMIT, 20])
    const good = await times(20, () => ask(server, bob, { address: '192.0.2.7' }))
    expect(countOf(good, 429), 'a good token from there').to.equal(20)
    expect((await ask(server, bob)).left, 'that was not counted for its owner').to.equal(LIMIT - 1)

    const operations = Array.from({ length: 100 }, (_, at) => ({ op: 'create', body: { title: `task ${at}` } }))
    const batch = await ask(server, eve, { method: 'POST', path: '/api/batch', body: { operations } })
    expect([batch.status, batch.left], batch.text).to.deep.equal([200, 0])
    expect(countOf(await times(20, () => ask(server, eve)), 429)).to.equal(20)

    const { text } = await ask(server, 'figures', { path: '/api/metrics' })
    const requests = [...text.matchAll(/^taskward_http_requests_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
    expect(requests).to.equal(2 * (LIMIT + 20) + 30 + 20 + 1 + 1 + 20)

    const streams = await times(13, async (at) => openStream(server, await tokenFor(`reader-${at}`)))
    expect([countOf(streams, 200), countOf(streams, 503)]).to.deep.equal([3, 10])
    for (const stream of streams) stream.close()

    const workers = await workersOf(server)
    server.signal('SIGTERM')
    const { code, stdout, stderr } = await server.ended
    expect([code, stdout]).to.deep.equal([0, `listening on ${server.url}\n`])
    expect([...answerers(stderr)]).to.have.members(workers.map(String))
  })

  it('PROC-03 PROC-04 an owner has ten streams in all of them, and a process that is killed gives back its own, is replaced, and requests go on', async () => {
    const server = await startTwo()
    const token = tokenOf(server)
    const open = (): Promise<EventSource> => openStream(server, token)
    const streams = await times(13, open)
    expect([countOf(streams, 200), countOf(streams, 429)]).to.deep.equal([10, 3])

    const [victim = 0] = await workersOf(server)
    process.kill(victim, 'SIGKILL')
    await server.logged(new RegExp(`"worker":${victim},"how":"SIGKILL","msg":"worker-ended"[\\s\\S]*"msg":"worker-started"`))
    const held = streams.filter(({ status, isClosed }) => status === 200 && !isClosed).length
    expect(held).to.be.lessThan(10)
    const more = await times(13 - held, open)
    expect([countOf(more, 200), countOf(more, 429)]).to.deep.equal([10 - held, 3])

    const answers = await times(40, () => ask(server, token))
    expect(countOf(answers, 200)).to.equal(40)
    for (const stream of [...streams, ...more]) stream.close()
    server.signal('SIGTERM')
    const { code, stderr } = await server.ended
    expect(code).to.equal(0)
    expect([...answerers(stderr.slice(stderr.indexOf('"worker-ended"')))]).to.have.lengthOf(2)
  })

  it('PROC-05 SIGTERM to npm start and its whole group under load: exit 0, every answer whole, every acknowledged write kept', async () => {
    const server = await startTwo({ LOG_LEVEL: 'warn' }, NPM_START)
    const client = createClient(server.url, tokenOf(server))
    const writers = startWriting(client, 16)
    await writers.reached(LONG ? 400 : 60)
    const begun = await times(4, () => beginRequest(server.url, tokenOf(server)))
    server.signal('SIGTERM', 'group')
    await refused(server.url)
    for (const { finish } of begun) finish()
    for (const { closed } of begun) expect(await closed).to.match(/HTTP\/1\.1 201 [\s\S]*"title":"slow"[\s\S]*\}$/)
    const [{ code, signal, stderr }] = await Promise.all([server.ended, writers.ended])
    client.close()
    expect([code, signal, stderr]).to.deep.equal([0, null, ''])
    for (const exchange of writers.exchanges) {
      if ('failed' in exchange) expect(exchange.begun, JSON.stringify(exchange)).to.equal(false)
      else expect(exchange).to.include({ status: 201, whole: true })
    }
    const again = await startServer({ DATABASE_URL: database.url })
    const reader = createClient(again.url, tokenOf(again))
    const there = await allIds(reader)
    reader.close()
    expect([...writers.acknowledged].filter((id) => !there.has(id))).to.deep.equal([])
  })

  it('PROC-06 end when the first one is killed', async () => {
    const server = await startTwo()
    server.signal('SIGKILL')
    // Told once nobody holds its output any more, which the others have too.
    const { signal } = await server.ended
    expect(signal).to.equal('SIGKILL')
    expect(await createClient(server.url, tokenOf(server)).send('GET', '/api/tasks')).to.include({ failed: 'ECONNREFUSED' })
  })

  it('PROC-04 give up where they end again and again', async () => {
    const server = await startTwo({ SHUTDOWN_GRACE: '1' })
    // Three ends for each of the two are made good, and the next is one too many.
    for (let number = 1; number <= 3 * 2 + 1; number++) {
      const [, pid] = await server.logged(new RegExp(`(?:"worker":(\\d+),"msg":"worker-started"[\\s\\S]*?){${number}}`))
      process.kill(Number(pid), 'SIGKILL')
    }
    const { code, stderr } = await server.ended
    expect(code).to.equal(1)
    expect(stderr).to.match(/worker processes end again and again: 7 within 60 s/)
  })

  it('PROC-01 do not start where one of them cannot, and say why once', async () => {
    const small = await freshOnOwnServer()
    try {
      expect((await run([MAIN[0], 'src/cli/migrate.ts'], { DATABASE_URL: small.url, DATA_DIR: freshDirectory() })).code).to.equal(0)
      // One for the first process, and none for those that serve.
      await runOn(await superuserUrl(), `alter database ${small.url.split('/').at(-1)} connection limit 1`)
      const failed = await start(MAIN, { PORT: '0', WORKERS: '2', MIGRATE: 'off', DATABASE_URL: small.url, DATA_DIR: freshDirectory() }).ended
      expect([failed.code, failed.stdout, failed.stderr]).to.deep.equal([1, '', 'cannot start: DATABASE_URL leads to a database that cannot be used (53300)\n'])
    } finally {
      await small.drop()
    }
  })

  it('PROC-01 RUN-01 do not start on a port that is taken', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { code, stdout, stderr } = await run(MAIN, {
      PORT: String(port),
      WORKERS: '2',
      DATABASE_URL: database.url,
      DATA_DIR: freshDirectory(),
      LOG_LEVEL: 'warn',
    })
    await new Promise((resolve) => taken.close(resolve))
    expect([code, stdout, stderr]).to.deep.equal([1, '', 'cannot start: PORT is taken by another program\n'])
  })
})

import { expect } from 'chai'
import { after, afterEach, before, beforeEach, describe, it } from 'mocha'
import pg from 'pg'
import { tokenFor } from '../figures/measuring.ts'
import { cleanUp } from '../system/process.ts'
import { Cluster } from './cluster.ts'
import { failing, triedOf } from './failures.ts'
import { holdsOut, isUnavailable } from './holding-out.ts'
import { report, told } from './report.ts'
import { recovers, Target } from './target.ts'

describe('faults of the database', function () {
  this.timeout(60_000)
  let cluster: Cluster
  let name: string
  let target: Target
  let beside: pg.Client
  let sampling: Sampling
  /** Connections that a test is allowed beyond the pool. */
  let listeners: number

  before(async () => {
    cluster = await Cluster.start(['max_connections=40', 'deadlock_timeout=200ms'])
  })
  after(() => cluster.remove())
  beforeEach(async () => {
    listeners = 0
    name = await cluster.database()
    target = await Target.start(cluster.port, name)
    beside = await connect()
    sampling = new Sampling(cluster.urlOf(name))
    await Promise.all(Array.from({ length: 40 }, () => target.make()))
  })
  afterEach(async () => {
    const most = await sampling.stop()
    await beside.end()
    await target.close()
    await cleanUp()
    expect(target.proxy.most, 'connections to the database').to.be.within(1, 10 + listeners)
    expect(most, 'connections that the database counts').to.be.at.most(10 + listeners)
  })

  /** A superuser's, past the proxy. */
  async function connect(url = cluster.urlOf(name)): Promise<pg.Client> {
    const client = new pg.Client(url)
    client.on('error', () => {})
    await client.connect()
    return client
  }

  /** Waits until so many statements of the server wait for a lock. @returns their process ids */
  async function blocked(count = 1): Promise<readonly number[]> {
    for (;;) {
      const { rows } = await beside.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and application_name = 'taskward' and wait_event_type = 'Lock'`,
      )
      if (rows.length >= count) return rows.map(({ pid }) => pid)
    }
  }

  /** Of two owners, both refused for now. @returns milliseconds of the slower */
  async function readAndWrite(): Promise<number> {
    const answers = await Promise.all([target.ask('GET', '/api/tasks'), target.ask('POST', '/api/tasks', { as: 'bob', body: { title: 'x' } })])
    for (const answer of answers) isUnavailable(answer)
    return Math.max(...answers.map(({ ms }) => ms))
  }

  it('OPS-01 OPS-02 OPS-03 OPS-04 OPS-05 a statement is slow', async () => {
    for (const table of ['owners', 'tasks']) await beside.query(`create policy slow on ${table} as restrictive using ((select pg_sleep(30)::text) is not null)`)
    const outage = await holdsOut(target, { ready: 'either' })
    for (const table of ['owners', 'tasks']) await beside.query(`drop policy slow on ${table}`)
    told('slow statements', outage, await recovers(target))
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 OPS-05 another holds the lock', async () => {
    await beside.query('begin; lock table owners, tasks in access exclusive mode')
    const outage = await holdsOut(target, { ready: 'either' })
    await beside.query('rollback')
    told('lock wait', outage, await recovers(target))
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 others use up all connections', async () => {
    const others: pg.Client[] = []
    const take = async (): Promise<void> => {
      for (let isRefused = false; !isRefused; ) {
        await connect(`postgres://ordinary:ordinary@127.0.0.1:${cluster.port}/${name}`).then(
          (client) => void others.push(client),
          () => (isRefused = true),
        )
      }
    }
    await take()
    await beside.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'taskward'`)
    await take()
    const outage = await holdsOut(target)
    await Promise.all(others.map((client) => client.end()))
    told('connections used up', outage, await recovers(target))
  })

  it('OPS-01 OPS-03 OPS-04 one backend is ended', async () => {
    await beside.query('begin; lock table tasks in access exclusive mode')
    const waiting = readAndWrite()
    for (const pid of await blocked(2)) await beside.query('select pg_terminate_backend($1)', [pid])
    const ms = await waiting
    await beside.query('rollback')
    told('one backend ended', { outage: ms }, await recovers(target))
    // The others were idle, and serve on.
    await beside.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'taskward'`)
    told('all backends ended', {}, await recovers(target))
    expect(target.isEnded).to.equal(false)
  })

  it('OPS-01 OPS-03 OPS-04 one backend is killed, and all start again', async () => {
    await beside.query('begin; lock table tasks in access exclusive mode')
    const waiting = readAndWrite()
    for (const pid of await blocked(2)) process.kill(pid, 'SIGKILL')
    const ms = await waiting
    await cluster.reachable()
    told('one backend killed', { outage: ms }, await recovers(target))
    expect(target.isEnded).to.equal(false)
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 the server stops, and starts', async () => {
    await cluster.stop()
    const outage = await holdsOut(target)
    await cluster.start()
    told('stopped and started', outage, await recovers(target))
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 OPS-05 the server hangs', async () => {
    const frozen = cluster.freeze()
    const outage = await holdsOut(target)
    const again = await holdsOut(target)
    frozen.thaw()
    told('hung (SIGSTOP)', { outage: Math.max(outage.outage, again.outage), known: Math.max(outage.known, again.known) }, await recovers(target))
  })

  it('OPS-03 OPS-04 OPS-07 the server crashes under load, and keeps what was acknowledged', async () => {
    const acknowledged: string[] = []
    let isOver = false
    const writers = Array.from({ length: 16 }, async (_, at) => {
      while (!isOver) {
        const { status, body, ms } = await target.ask('POST', '/api/tasks', { as: `writer-${at}`, body: { title: 'x', description: 'x'.repeat(2_000) } })
        expect([201, 503], body).to.include(status)
        expect(ms).to.be.lessThan(2_000)
        if (status === 201) acknowledged.push(`${at} ${JSON.parse(body).id}`)
        else await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })
    while (acknowledged.length < 500) await new Promise((resolve) => setTimeout(resolve, 10))
    cluster.kill()
    await cluster.start()
    const recovery = await recovers(target)
    isOver = true
    await Promise.all(writers)
    beside = await connect()
    const { rows } = await beside.query<{ name: string }>(`select substr(owner_id, 8) || ' ' || id as name from tasks where owner_id like 'writer-%'`)
    const there = new Set(rows.map((row) => row.name))
    expect(acknowledged.filter((one) => !there.has(one))).to.deep.equal([])
    told(`crash under load, ${acknowledged.length} acknowledged, 0 missing`, {}, recovery)
  })

  it('OPS-06 a serialization failure that lasts is told within 2 s', async () => {
    await failing(beside, '40001', 1_000_000)
    const { status, ms } = await target.ask('POST', '/api/tasks', { body: { title: 'x' } })
    expect(status).to.equal(503)
    expect(ms).to.be.lessThan(2_000)
    expect(await triedOf(beside)).to.be.within(2, 4)
    report(`lasting serialization failure: 503 within ${ms.toFixed(0)} ms`)
  })

  it('OPS-05 one connection more is open while somebody listens to a stream', async () => {
    const others = `select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name = 'taskward' and query ilike 'listen%'`
    const listening = async (): Promise<number> => (await beside.query<{ count: number }>(others)).rows[0]?.count ?? 0
    listeners = 1
    // One that nobody holds is cancelled with its garbage.
    const streams: Response[] = []
    for (const as of ['ada', 'bob', 'eve']) {
      const headers = { authorization: `Bearer ${tokenFor(as)}`, accept: 'text/event-stream' }
      streams.push(await fetch(`${target.server.url}/api/changes`, { headers }))
    }
    while ((await listening()) === 0);
    await Promise.all(Array.from({ length: 60 }, () => target.make()))
    expect(await listening()).to.equal(1)
    expect(target.proxy.most).to.be.within(2, 11)
    expect(streams.map(({ status }) => status)).to.deep.equal([200, 200, 200])
    await Promise.all(streams.map(({ body }) => body?.cancel()))
    while ((await listening()) > 0);
  })

  it('OPS-06 a deadlock is passed over', async () => {
    const id = await target.make()
    await beside.query(`set deadlock_timeout = '1min'`)
    await beside.query(`begin; select from tasks where id = '${id}' for update`)
    // Holds the owner's row and waits for the task.
    const batch = target.ask('POST', '/api/batch', { body: { operations: [{ op: 'complete', id }] } })
    await blocked()
    await beside.query(`update owners set seq = seq where owner_id = 'ada'`)
    await beside.query('commit')
    const { status, body, ms } = await batch
    expect(status, body).to.equal(200)
    expect(ms).to.be.lessThan(2_000)
    expect((await beside.query<{ version: number }>(`select version from tasks where id = '${id}'`)).rows[0]?.version).to.equal(2)
    report(`deadlock: answered after ${ms.toFixed(0)} ms`)
  })
})

/** Looks again and again how many connections the database counts. */
class Sampling {
  #isOver = false
  #most = 0
  readonly #sampling: Promise<void>

  constructor(url: string) {
    this.#sampling = this.#sample(url)
  }

  async #sample(url: string): Promise<void> {
    let client: pg.Client | undefined
    while (!this.#isOver) {
      try {
        if (client === undefined) {
          const connecting = new pg.Client({ connectionString: url, query_timeout: 1_000, connectionTimeoutMillis: 1_000 })
          connecting.on('error', () => {})
          await connecting.connect()
          client = connecting
        }
        const { rows } = await client.query<{ count: number }>(
          `select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name = 'taskward' and backend_type = 'client backend'`,
        )
        this.#most = Math.max(this.#most, rows[0]?.count ?? 0)
      } catch {
        // The database is what is at fault here: the next look may see it.
        void client?.end()
        client = undefined
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await client?.end()
  }

  async stop(): Promise<number> {
    this.#isOver = true
    await this.#sampling
    return this.#most
  }
}

import { expect } from 'chai'
import { after, afterEach, describe, it } from 'mocha'
import pg from 'pg'
import { figure } from '../contracts/opened-store.ts'
import { freePort } from '../databases.ts'
import { MEASURED } from '../figures/measuring.ts'
import { cleanUp, freshDirectory, type Server, startServer } from '../system/process.ts'
import { Cluster } from './cluster.ts'
import { type History, Worker } from './history.ts'
import { report } from './report.ts'

/** Seconds of writing; between two faults; and for which at least there is something to write to. */
const [WRITING, FAILING, SERVING] = [figure(60, 10), figure(5, 2), 1]
const CLIENTS = figure(16, 8)

describe('consistency under faults', function () {
  this.timeout(180_000)
  let cluster: Cluster

  afterEach(cleanUp)
  after(() => cluster.remove())

  it('OPS-03 OPS-04 OPS-07 what was acknowledged is there, what was deleted is not, nothing is there twice, and every unknown outcome is settled', async () => {
    cluster = await Cluster.start()
    const database = await cluster.database()
    const PORT = String(await freePort())
    const environment = { ...MEASURED, PORT, LOG_LEVEL: 'fatal', DATABASE_URL: cluster.ordinaryUrlOf(database), DATA_DIR: freshDirectory() }
    let server = await startServer(environment)
    /** What befalls them in turn. */
    const faults: readonly (readonly [what: string, happen: () => Promise<unknown>])[] = [
      ['the database killed', () => cluster.restart(() => cluster.kill())],
      ['the server killed', async () => (server = await replaced(server, environment))],
      ['one of its connections killed in the database', () => cluster.killBackend(database)],
      ['the database stopped', () => cluster.restart(() => cluster.stop())],
    ]
    const workers = Array.from({ length: CLIENTS }, (_, at) => new Worker(server.url, `owner-${at % 4}`, at))
    const writing = Promise.all(workers.map((worker) => worker.work()))
    const happened: string[] = []
    const recoveries: number[] = []
    const end = performance.now() + WRITING * 1_000
    for (
      let next = performance.now() + FAILING * 1_000;
      next < end || happened.length < faults.length;
      next = Math.max(next + FAILING * 1_000, performance.now() + SERVING * 1_000)
    ) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())))
      const [what, happen] = faults[happened.length % faults.length] ?? expect.fail()
      await happen()
      happened.push(what)
      recoveries.push(await acknowledgedAgain(workers))
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, end - performance.now())))
    for (const worker of workers) worker.stop()
    await writing
    const found = await heldAgainst(
      workers.map(({ history }) => history),
      server.url,
    )
    const total = (count: (history: History) => number): number => workers.reduce((sum, { history }) => sum + count(history), 0)
    const slowest = Math.max(...workers.map(({ history }) => history.slowest))
    report(
      `${WRITING} s, ${CLIENTS} clients, ${faults.map(([what]) => `${what} ${happened.filter((one) => one === what).length} ×`).join(', ')}: ` +
        `${total(({ acknowledged }) => acknowledged)} writes acknowledged, ${total(({ unknown }) => unknown)} outcomes unknown and settled, ` +
        `${found.tasks} tasks held against ${CLIENTS} histories; served again within ${Math.max(...recoveries).toFixed(0)} ms, no answer took longer than ${slowest.toFixed(0)} ms`,
    )
    expect(found.faults).to.deep.equal([])
    expect(await bookkeepingOf(cluster.urlOf(database))).to.deep.equal([])
    expect(new Set(happened).size).to.equal(faults.length)
    expect(total(({ unknown }) => unknown)).to.be.greaterThan(0)
    expect(Math.max(...recoveries)).to.be.lessThan(5_000)
  })
})

async function replaced(server: Server, environment: Readonly<Record<string, string>>): Promise<Server> {
  server.signal('SIGKILL')
  await server.ended
  return startServer(environment)
}

/** @returns milliseconds until one of the clients had a write acknowledged */
async function acknowledgedAgain(workers: readonly Worker[]): Promise<number> {
  const begun = performance.now()
  const before = workers.map(({ history }) => history.acknowledged)
  while (workers.every(({ history }, at) => history.acknowledged === before[at])) await new Promise((resolve) => setTimeout(resolve, 5))
  return performance.now() - begun
}

interface Found {
  readonly faults: readonly string[]
  readonly tasks: number
}

/** Every client's tasks as they ought to be, against what the server now tells. */
async function heldAgainst(histories: readonly History[], url: string): Promise<Found> {
  const faults: string[] = []
  let tasks = 0
  for (const owner of new Set(histories.map((history) => history.owner))) {
    const told = await toldOf(url, owner)
    const there = new Map(told)
    const wanted = new Map(histories.filter((history) => history.owner === owner).flatMap(wantedOf))
    tasks += told.length
    if (there.size < told.length) faults.push(`${owner}: ${told.length - there.size} tasks are told twice`)
    for (const [id, text] of wanted) if (there.get(id) !== text) faults.push(`${owner}: ${id} is ${there.get(id)} and ought to be ${text}`)
    for (const id of there.keys()) if (!wanted.has(id)) faults.push(`${owner}: ${id} is there, and nobody made it`)
  }
  return { faults, tasks }
}

type Told = readonly [id: string, text: string]

async function toldOf(url: string, owner: string): Promise<readonly Told[]> {
  const lists = await Promise.all(['/api/tasks', '/api/trash'].map((path) => Worker.allOf(url, owner, path)))
  return lists.flatMap((list, at) => list.map(({ id, title, status, version }): Told => [id, JSON.stringify([at === 1, title, status, version])]))
}

const wantedOf = ({ tasks }: History): readonly Told[] =>
  [...tasks].map(([id, { isTrashed, title, status, version }]): Told => [id, JSON.stringify([isTrashed, title, status, version])])

/** In the tables themselves: one entry and one number for each change, and so many versions. */
async function bookkeepingOf(url: string): Promise<readonly unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows } = await client.query(`select o.owner_id, o.seq::int, (select count(*)::int from changes c where c.owner_id = o.owner_id) as entries,
(select sum(version)::int from tasks t where t.owner_id = o.owner_id) as versions, o.tasks::int, (select count(*)::int from tasks t where t.owner_id = o.owner_id) as rows from owners o`)
    return rows.filter(({ seq, entries, versions, tasks, rows: count }) => seq !== entries || seq !== versions || tasks !== count)
  } finally {
    await client.end()
  }
}

import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { figure } from '../contracts/opened-store.ts'
import { type FreshDatabase, freshOnOwnServer, runOn, superuserUrl } from '../databases.ts'
import { type Client, createClient } from '../system/client.ts'
import { cleanUp, LONG, startServer } from '../system/process.ts'
import { MEASURED, median, quantile, residentOf, tokenFor, told } from './measuring.ts'

const TASKS = figure(100_000, 5_000)
const SETTINGS = { ...MEASURED, TASK_QUOTA: '200000' }

interface Changes {
  readonly changes: readonly { readonly seq: number; readonly taskId: string; readonly task: unknown }[]
  readonly cursor: string | null
}

describe('a first sync, measured', function () {
  this.timeout(LONG ? 300_000 : 60_000)
  let database: FreshDatabase

  before(async () => {
    database = await freshOnOwnServer()
  })
  afterEach(cleanUp)
  after(() => database.drop())

  it('SYNC-01 SYNC-05 SYNC-06 gives all there is in a steady stream of pages, and holds none of it in memory', async () => {
    await fill(database.url)
    // A process of its own: what filling took is not the sync's.
    const server = await startServer({ ...SETTINGS, DATABASE_URL: database.url })
    const client = createClient(server.url, tokenFor('ada'))
    try {
      const first = await walk(client, server.pid)
      const second = await walk(client, server.pid)
      for (const [what, { grown, pages }] of [
        ['by a process that has done nothing yet', first],
        ['by one that has done it before', second],
      ] as const) {
        const quarter = Math.ceil(pages.length / 4)
        const [begin, end] = [median(pages.slice(0, quarter)), median(pages.slice(-quarter))]
        told(`${TASKS} tasks in ${pages.length} pages ${what}: p50 ${median(pages).toFixed(1)}, p95 ${quantile(pages, 0.95).toFixed(1)} ms,`)
        told(`  in the first quarter ${begin.toFixed(1)}, in the last ${end.toFixed(1)} ms; the server grew by ${(grown / 1e6).toFixed(1)} MB`)
      }
      expect([first.found, second.found]).to.deep.equal([TASKS, TASKS])
      // What a page costs the engine's heap it takes once, and then goes on with: tasks of the walk are not held.
      expect(second.grown).to.be.lessThan(50e6)
    } finally {
      client.close()
    }
  })
})

/** @returns how many tasks were told of, milliseconds of each page, and by how much the server grew at most, in bytes */
async function walk(client: Client, pid: number): Promise<{ readonly found: number; readonly pages: readonly number[]; readonly grown: number }> {
  const before = residentOf(pid)
  const found = new Set<string>()
  const pages: number[] = []
  let most = before
  let reached = 0
  for (let query = 'limit=1000'; query !== ''; ) {
    const begun = performance.now()
    const exchange = await client.send('GET', `/api/changes?${query}`)
    pages.push(performance.now() - begun)
    if ('failed' in exchange || exchange.status !== 200) throw new Error(`no page: ${JSON.stringify(exchange)}`)
    const { changes, cursor }: Changes = JSON.parse(exchange.body)
    for (const { seq, taskId, task } of changes) {
      expect(seq).to.be.greaterThan(reached)
      reached = seq
      if (task !== null) found.add(taskId)
    }
    query = cursor === null ? '' : `limit=1000&cursor=${encodeURIComponent(cursor)}`
    most = Math.max(most, residentOf(pid))
  }
  return { found: found.size, pages, grown: most - before }
}

/** A batch of a hundred over HTTP, which the database then multiplies: all that many batches would have left, in a few seconds. */
async function fill(url: string): Promise<void> {
  const server = await startServer({ ...SETTINGS, DATABASE_URL: url })
  const client = createClient(server.url, tokenFor('ada'))
  const body = { title: 'buy milk', description: 'x'.repeat(200), tags: ['home'], due: '2030-01-01' }
  const exchange = await client.send('POST', '/api/batch', { operations: new Array(100).fill({ op: 'create', body }) })
  client.close()
  expect('status' in exchange && exchange.status, JSON.stringify(exchange)).to.equal(200)
  server.signal('SIGTERM')
  await server.ended
  await runOn(
    (await superuserUrl()).replace(/[^/]*$/, new URL(url).pathname.slice(1)),
    `with more as (select n from generate_series(1, ${TASKS / 100 - 1}) n),
copied as (insert into tasks (owner_id, id, seq, version, printed, title_key, search_text, status, priority, due, due_order, created_at, updated_at, weight)
select owner_id, md5(id::text || n)::uuid, seq + 100 * n, version, replace(printed, id::text, md5(id::text || n)::uuid::text), title_key, search_text, status, priority, due, due_order, created_at, updated_at, weight
from tasks, more),
tagged as (insert into task_tags (owner_id, task_id, tag) select owner_id, md5(task_id::text || n)::uuid, tag from task_tags, more),
told as (insert into changes (owner_id, seq, task_id, version, kind, at, actor, fields, weight)
select owner_id, seq + 100 * n, md5(task_id::text || n)::uuid, version, kind, at, actor, fields, weight from changes, more)
update owners set seq = ${TASKS}, tasks = ${TASKS}, bytes = bytes * ${TASKS / 100}`,
  )
  await runOn((await superuserUrl()).replace(/[^/]*$/, new URL(url).pathname.slice(1)), 'vacuum analyze')
}

import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import pg from 'pg'
import { backUp } from '../../src/adapters/postgres/backup.ts'
import { BrokenBackup, writer } from '../../src/adapters/postgres/backup-lines.ts'
import { type Keeper, keepServer } from '../../src/adapters/postgres/keeper.ts'
import { MIGRATIONS } from '../../src/adapters/postgres/migrations/names.ts'
import { NotEmpty, restore } from '../../src/adapters/postgres/restore.ts'
import { openServer } from '../../src/adapters/postgres/server.ts'
import type { Commit, OwnedTasks, TaskStore } from '../../src/application/ports.ts'
import { print } from '../../src/application/printing.ts'
import { create, edit } from '../../src/domain/editing.ts'
import { instantAt } from '../../src/domain/instant.ts'
import { tagSet } from '../../src/domain/tags.ts'
import { PRIORITIES, type Task } from '../../src/domain/task.ts'
import { discard } from '../../src/domain/trash.ts'
import { at, BEGINNING, draftOf, dueOf, idOf, onceOf, principalOf } from '../builders.ts'
import { embeddedDatabase, freshOnOwnServer, superuserUrl, TABLES } from '../databases.ts'
import { figure } from './opened-store.ts'
import { commitOf } from './writing.ts'

const RAISE = 1_000_000
const of = (store: TaskStore, owner: string) => store.of(principalOf(owner).mayWrite())

/** What texts may hold at their worst: line ends of all kinds among it. */
const TEXT = 'a\r\n\u2028\u2029\u0085"\\\t\u0001 €💡 {"end":0}'

const PLENTY = { tasks: 1e6, bytes: 1e12 }

/** So many tasks of several owners, and of each owner something in every table. */
async function fill(store: TaskStore, count: number): Promise<void> {
  const owners = ['ada', 'bob "o\'', 'čeněk\\', ...Array.from({ length: 17 }, (_, n) => `owner ${n}`)]
  for (let n = 0; n < count; n++) {
    const owner = owners[n % owners.length] ?? ''
    const id = idOf(10 + n)
    const change = create(
      id,
      draftOf({ title: `💡 ${n}`, description: TEXT, tags: ['ž', `tag ${n % 7}`], due: dueOf('2026-11-30T09:00+05:00[Asia/Karachi]') }),
      at(n),
    )
    const keep = { once: onceOf(`k${n}`), outcome: { kind: 'created', id, json: print(change.after) } } as const
    await commit(of(store, owner), change, n % 10 === 0 ? { keep } : {})
  }
  for (const owner of owners) await fillRest(store, owner)
}

/** @returns the number of the change */
async function commit(mine: OwnedTasks, change: Commit['change'], terms: Partial<Commit> = {}): Promise<number> {
  const verdict = await mine.commit(commitOf(change, { quota: PLENTY, ...terms }))
  if (verdict.kind !== 'committed') throw new Error(verdict.kind)
  return verdict.seq
}

async function fillRest(store: TaskStore, owner: string): Promise<void> {
  const mine = of(store, owner)
  const ids = [idOf(1), idOf(2), idOf(3)] as const
  const task = (n: 0 | 1 | 2) => create(ids[n], draftOf(), at(0)).after
  const [purged, trashed, edited] = [
    await commit(mine, create(ids[0], draftOf(), at(0))),
    await commit(mine, create(ids[1], draftOf(), at(0))),
    await commit(mine, create(ids[2], draftOf(), at(0))),
  ]
  await commit(mine, discard(task(0), at(0)), { decidedOn: purged })
  await mine.forget(instantAt(BEGINNING + 30 * 24 * 3_600_000), 1)
  await commit(mine, discard(task(1), at(5)), { decidedOn: trashed })
  await commit(mine, edit(task(2), { description: TEXT, status: 'done' }, at(6)), { decidedOn: edited })
  const made = create(idOf(4), draftOf(), at(7))
  const keep = { outcome: { results: [{ kind: 'created', json: print(made.after) }] }, shows: [idOf(4)] } as const
  const how = { actor: owner, now: at(7), quota: PLENTY, unchanged: [] }
  const { kind } = await mine.commitAll({ ...how, changes: [{ change: made, decidedOn: undefined }], once: onceOf('batch'), keep }, false)
  if (kind !== 'committed') throw new Error(kind)
}

/** Every row, as nobody but a superuser sees them, of the same form whatever the database. */
async function rowsOf(url: string): Promise<Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>> {
  const client = new pg.Client(url.replace(/^postgres:\/\/[^/]*/, (await superuserUrl()).replace(/\/postgres$/, '')))
  await client.connect()
  try {
    const tables: Record<string, readonly Readonly<Record<string, unknown>>[]> = {}
    for (const table of TABLES) tables[table] = (await client.query(`select * from ${table} t order by t::text collate "C"`)).rows
    return tables
  } finally {
    await client.end()
  }
}

/** As a restoration makes it (BACKUP-07). */
function raised(tables: Awaited<ReturnType<typeof rowsOf>>, by: number): unknown {
  const more = (value: unknown): string => String(Number(value) + by)
  const row = (old: Readonly<Record<string, unknown>>) => ({
    ...old,
    ...('seq' in old && { seq: more(old['seq']) }),
    ...('emptied' in old && { emptied: more(old['emptied']) }),
    ...('forgotten' in old && { forgotten: more(old['seq']) }),
  })
  return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, rows.map(row)]))
}

const sorted = (tables: unknown): unknown =>
  Object.fromEntries(Object.entries(Object(tables)).map(([table, rows]) => [table, (Array.isArray(rows) ? rows : []).map((row) => JSON.stringify(row)).sort()]))

async function linesOf(keeper: Keeper): Promise<string[]> {
  const texts: string[] = []
  await backUp(
    keeper,
    async (text) => void texts.push(text),
    () => {},
  )
  return texts.join('').split('\n').slice(0, -1)
}

async function* given(lines: readonly string[]): AsyncGenerator<string, undefined> {
  yield* lines
  return undefined
}

const fillFrom = (keeper: Keeper, lines: readonly string[], raise = RAISE) => restore(keeper, given(lines), raise, () => {})

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (fault: unknown) => fault,
  )

describe('backup and restoration', function () {
  this.timeout(figure(1_800_000, 60_000))
  const undo: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  const emptyServer = async () => {
    const { url, drop } = await freshOnOwnServer()
    undo.push(drop)
    const keeper = await keepServer(url, () => {})
    undo.push(() => keeper.close())
    return { url, keeper }
  }

  const openedServer = async () => {
    const { url, keeper } = await emptyServer()
    const database = await openServer({ url, pool: 4 })
    undo.push(() => database.close())
    await database.migrate()
    return { url, keeper, database }
  }

  const count = figure(100_000, 2_000)

  it(`BACKUP-06 BACKUP-07 ${count} tasks go from PostgreSQL into the embedded database and back, and every row is as it was`, async () => {
    const { url, keeper, database } = await openedServer()
    await fill(database.tasks, count)
    const before = await rowsOf(url)
    for (const table of TABLES) expect(before[table], table).to.have.property('length').greaterThan(19)
    const lines = await linesOf(keeper)
    const embedded = await embeddedDatabase()
    undo.push(() => embedded.close())
    await fillFrom(embedded.keeper, lines)
    const again = await linesOf(embedded.keeper)
    expect(again).to.have.length(lines.length)
    const back = await emptyServer()
    await fillFrom(back.keeper, again)
    expect(sorted(await rowsOf(back.url))).to.deep.equal(sorted(raised(before, 2 * RAISE)))
  })

  it('BACKUP-07 BACKUP-08 no tag from before matches, a client that syncs begins anew, and the secret is another', async () => {
    const { keeper, database } = await openedServer()
    const change = create(idOf(1), draftOf(), at(0))
    await of(database.tasks, 'ada').commit(commitOf(change))
    const restored = await embeddedDatabase()
    undo.push(() => restored.close())
    await fillFrom(restored.keeper, await linesOf(keeper))
    expect(await restored.secret()).to.not.deep.equal(await database.secret())
    const mine = of(restored.tasks, 'ada')
    expect((await mine.read(idOf(1)))?.seq).to.equal(RAISE + 1)
    const stale = edit(change.after, { title: 'b' }, at(1))
    expect(await mine.commit(commitOf(stale, { decidedOn: 1 }))).to.deep.equal({ kind: 'overtaken' })
    expect(await mine.commit(commitOf(stale, { decidedOn: RAISE + 1 }))).to.deep.equal({ kind: 'committed', seq: RAISE + 2 })
    const page = await mine.changes({ after: 1, goneBy: 0, limit: 10, bytes: 1e6 })
    expect(page.forgotten).to.equal(RAISE + 1)
  })

  it('BACKUP-09 numbers go as far as is asked', async () => {
    const { url, keeper, database } = await openedServer()
    await of(database.tasks, 'ada').commit(commitOf(create(idOf(1), draftOf(), at(0))))
    const back = await emptyServer()
    await fillFrom(back.keeper, await linesOf(keeper), 5 * RAISE)
    expect(sorted(await rowsOf(back.url))).to.deep.equal(sorted(raised(await rowsOf(url), 5 * RAISE)))
  })

  it('BACKUP-01 BACKUP-02 is one look, while others write and see no more than ever, and leaves nothing behind', async () => {
    const { url, keeper, database } = await openedServer()
    await fill(database.tasks, 40)
    const before = await rowsOf(url)
    const beside = new pg.Client(url)
    await beside.connect()
    undo.push(() => beside.end())
    let seen: unknown
    let text = ''
    await backUp(
      keeper,
      async (more) => {
        if (text === '') {
          seen = (await beside.query('select owner_id from owners')).rows
          for (const owner of ['ada', 'eve']) await of(database.tasks, owner).commit(commitOf(create(idOf(99), draftOf({ title: 'meanwhile' }), at(0))))
        }
        text += more
      },
      () => {},
    )
    expect(seen).to.deep.equal([])
    expect(text).to.not.include('meanwhile')
    const back = await emptyServer()
    await fillFrom(back.keeper, text.split('\n').slice(0, -1))
    expect(sorted(await rowsOf(back.url))).to.deep.equal(sorted(raised(before, RAISE)))
    const forced = await beside.query(`select bool_and(relforcerowsecurity and relrowsecurity) as all from pg_class where relname = any($1)`, [TABLES])
    expect(forced.rows).to.deep.equal([{ all: true }])
    expect((await beside.query('select owner_id from owners')).rows).to.deep.equal([])
  })

  it('BACKUP-01 waits for whoever holds the owners, and does not hold up others for longer than half a second', async () => {
    const { url, keeper, database } = await openedServer()
    await of(database.tasks, 'ada').commit(commitOf(create(idOf(1), draftOf(), at(0))))
    const holder = new pg.Client(url)
    await holder.connect()
    undo.push(() => holder.end())
    await holder.query(`begin; set local app.owner_id = 'ada'; select from owners for update`)
    const lines = linesOf(keeper)
    const begun = performance.now()
    for (let n = 2; performance.now() - begun < 2_000; n++) {
      const asked = performance.now()
      // As many as two seconds have room for.
      const creation = commitOf(create(idOf(n), draftOf(), at(0)), { quota: { tasks: 1e6, bytes: 1e12 } })
      expect((await of(database.tasks, 'bob').commit(creation)).kind).to.equal('committed')
      expect(performance.now() - asked).to.be.lessThan(900)
    }
    await holder.query('commit')
    expect(await lines).to.satisfy((all: readonly string[]) => all.some((line) => line.includes('"owner_id":"ada"')))
  })

  it('BACKUP-14 takes longer than a request or a batch may, when it is written and when it is read', async () => {
    const { keeper, database, url } = await openedServer()
    await of(database.tasks, 'ada').commit(commitOf(create(idOf(1), draftOf(), at(0))))
    const beside = new pg.Client(url)
    await beside.connect()
    undo.push(() => beside.end())
    let isSlow = true
    const slowly = async (): Promise<void> => {
      if (isSlow) await beside.query('select pg_sleep(10.5)')
      isSlow = false
    }
    const texts: string[] = []
    await backUp(
      keeper,
      (text) => slowly().then(() => void texts.push(text)),
      () => {},
    )
    const { keeper: target } = await emptyServer()
    async function* late(): AsyncGenerator<string, undefined> {
      for (const [number, line] of texts.entries()) {
        isSlow = number === 2
        await slowly()
        yield line.slice(0, -1)
      }
      return undefined
    }
    await restore(target, late(), RAISE, () => {})
    expect(await linesOf(target)).to.have.length(texts.length)
  })

  it('BACKUP-10 only an empty database is filled, and another stays as it is', async () => {
    const { keeper, database, url } = await openedServer()
    const lines = await linesOf(keeper)
    await of(database.tasks, 'ada').commit(commitOf(create(idOf(1), draftOf(), at(0))))
    const before = await rowsOf(url)
    expect(await thrownBy(fillFrom(keeper, lines))).to.be.instanceOf(NotEmpty)
    expect(await rowsOf(url)).to.deep.equal(before)
  })

  it('BACKUP-11 BACKUP-12 a file that is broken anywhere is refused with the line, leaves no row, and a good one is then taken', async () => {
    const { keeper, database } = await openedServer()
    await fill(database.tasks, 40)
    const lines = await linesOf(keeper)
    const half = lines.length >> 1
    const changed = (n: number, change: (line: string) => string) => lines.map((line, at) => (at === n ? change(line) : line))
    const inTable = (table: string) => lines.findIndex((line) => line.startsWith(`{"table":"${table}"`))
    const broken: readonly (readonly [string[], number])[] = [
      [[], 1],
      [['nothing'], 1],
      [changed(0, (line) => line.replace('"format":1', '"format":2')), 1],
      [changed(0, (line) => line.replace('0002-journal', '0002-other')), 1],
      [changed(0, (line) => line.replace('"0002-journal"', '"0002-journal","0999-later"')), 1],
      [changed(half, (line) => line.slice(0, -5)), half + 1],
      [changed(half, () => '[]'), half + 1],
      [changed(half, () => '{"table":"server_secret","row":{"id":1}}'), half + 1],
      [changed(half, (line) => line.replace('"owner_id"', '"owner"')), half + 1],
      [changed(inTable('tasks') + 3, (line) => line.replace(/"version":\d+/, '"version":"one"')), inTable('tasks') + 4],
      [changed(inTable('changes') + 2, (line) => line.replace(/"task_id":"[^"]+"/, `"task_id":"${idOf(999_999)}"`)), inTable('changes') + 3],
      [changed(inTable('owners') + 1, (line) => line.replace(/"owner_id":"[^"]+"/, '"owner_id":null')), inTable('owners') + 2],
      [changed(inTable('tasks'), (line) => line.replace('"title_key":"', '"title_key":"x')), lines.length],
      [lines.filter((_, at) => at !== lines.length - 2), lines.length - 1],
      [lines.slice(0, half), half + 1],
      [lines.slice(0, -1), lines.length],
      [[...lines, lines[1] ?? ''], lines.length + 1],
    ]
    const { url, keeper: target } = await emptyServer()
    for (const [text, line] of broken) {
      const fault = await thrownBy(fillFrom(target, text))
      expect(fault, `case ${broken.findIndex(([one]) => one === text)}`).to.be.instanceOf(BrokenBackup)
      expect(String(fault)).to.match(new RegExp(`line ${line} `))
      expect(String(fault)).to.not.match(/ada|💡/)
    }
    expect(Object.values(await rowsOf(url)).flat()).to.deep.equal([])
    await fillFrom(target, lines)
    expect(await linesOf(target)).to.have.length(lines.length)
  })

  it('BACKUP-13 a file of an earlier version goes into tables of that version, which are then brought up to date', async () => {
    const row = { owner_id: 'ada', seq: 1, tasks: 1, bytes: 300, forgotten: 0, due_at: null }
    const { lines, keeper: target, url } = { lines: await earlier(['0001-first'], { owners: row }), ...(await emptyServer()) }
    await fillFrom(target, lines)
    expect(await target.applied()).to.deep.equal(['0001-first'])
    const database = await openServer({ url, pool: 1 })
    undo.push(() => database.close())
    expect(await database.migrate()).to.deep.equal(MIGRATIONS.slice(1))
    expect((await rowsOf(url))['owners']).to.deep.equal([{ ...row, seq: '1000001', bytes: '300', forgotten: '1000001', emptied: '0', purges: '0' }])
  })

  it('BACKUP-13 STORE-20 tasks of a version that kept them in columns are printed, byte for byte as they would be written', async () => {
    const tags = tagSet(['ž', 'tag "1"'])
    const made = create(idOf(1), draftOf({ title: TEXT, description: TEXT, tags, due: dueOf('2026-11-30T09:00:00.5+05:00[Asia/Karachi]') }), at(1)).after
    const done = edit(made, { status: 'done', priority: 'urgent', due: null, tags: [] }, at(60_001))?.after ?? expect.fail('nothing was edited')
    for (const task of [made, done]) {
      const { keeper: target, url } = await emptyServer()
      await fillFrom(
        target,
        await earlier(COLUMNS, {
          owners: { owner_id: 'ada', seq: 1, tasks: 1, bytes: 300, forgotten: 0, due_at: null, emptied: 0, purges: 0 },
          tasks: inColumns(task),
        }),
      )
      const database = await openServer({ url, pool: 1 })
      undo.push(() => database.close())
      await database.migrate()
      expect((await of(database.tasks, 'ada').read(task.id))?.json).to.equal(print(task))
    }
  })
})

/** Of the last version that kept a task in columns. */
const COLUMNS = MIGRATIONS.slice(0, 6)

const inColumns = ({ id, version, title, description, status, priority, due, tags, completedAt, createdAt, updatedAt }: Task): object => ({
  owner_id: 'ada',
  id,
  seq: 1,
  version,
  title,
  title_key: title,
  description,
  search_text: title,
  status,
  priority: PRIORITIES.indexOf(priority),
  due,
  due_order: due === null ? null : 0,
  tags,
  completed_at: completedAt,
  created_at: createdAt,
  updated_at: updatedAt,
  deleted_at: null,
  weight: 300,
})

/** What a version with these migrations would have written. */
async function earlier(migrations: readonly string[], rows: Readonly<Record<string, object>>): Promise<string[]> {
  const texts: string[] = []
  const file = writer(async (text) => void texts.push(text))
  await file.begin({ migrations, owners: 1 })
  for (const [table, row] of Object.entries(rows)) await file.add(table, JSON.stringify(row))
  await file.end()
  return texts.join('').split('\n').slice(0, -1)
}

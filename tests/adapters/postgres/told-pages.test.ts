import { expect } from 'chai'
import fc from 'fast-check'
import { after, before, describe, it } from 'mocha'
import { page, pageStatement } from '../../../src/adapters/postgres/page.ts'
import { openServer } from '../../../src/adapters/postgres/server.ts'
import { TextRing } from '../../../src/adapters/postgres/text-ring.ts'
import { toldPages } from '../../../src/adapters/postgres/told-pages.ts'
import { browseTasks } from '../../../src/application/browsing.ts'
import { completeTask } from '../../../src/application/completion.ts'
import { createTask } from '../../../src/application/creation.ts'
import { patchTask } from '../../../src/application/editing.ts'
import { revertTask } from '../../../src/application/history.ts'
import type { Ports, TaskPage } from '../../../src/application/ports.ts'
import { asJson } from '../../../src/application/printing.ts'
import { discardTask, emptyTrash, restoreTask } from '../../../src/application/trash.ts'
import { Owner } from '../../../src/domain/owner.ts'
import { draftOf, idOf, NO_FILTER, portsOver, principalOf, queryOf } from '../../builders.ts'
import { databasesUnderTest, freshDatabase, type TestDatabase } from '../../databases.ts'

const ada = principalOf('ada')
const terms = { once: undefined }

/** In an order in which each finds its task as it wants it. */
const WRITES: Readonly<Record<string, (ports: Ports) => Promise<unknown>>> = {
  'a creation': (ports) => createTask(ports)(ada, () => ({ id: idOf(1), draft: draftOf({ title: 'first' }) }), undefined),
  'another creation': (ports) => createTask(ports)(ada, () => ({ id: idOf(2), draft: draftOf({ title: 'second' }) }), undefined),
  'an edit': (ports) => patchTask(ports)(ada, idOf(1), () => ({ title: 'edited' }), terms),
  'a completion': (ports) => completeTask(ports)(ada, idOf(1), terms),
  'a reversion': (ports) => revertTask(ports)(ada, idOf(1), 1, terms),
  'a deletion': (ports) => discardTask(ports)(ada, idOf(2), terms),
  'a restoration': (ports) => restoreTask(ports)(ada, idOf(2), terms),
  'another deletion': (ports) => discardTask(ports)(ada, idOf(2), terms),
  'an emptying': (ports) => emptyTrash(ports)(ada, undefined),
}

/** 99,000 characters, another for each number. */
const textOf = (n: number): string => String(n).padStart(3, '0').repeat(33_000)

const pageOf = (items: string): TaskPage => ({ items: asJson(items), next: undefined, seq: 1 })

describe('pages that were told', () => {
  it('STORE-18 are found by their owner and query alone, and only while the owner’s row is the same', () => {
    const told = toldPages()
    const [mine, theirs] = [told(Owner.of('ada')), told(Owner.of('bob'))]
    const other = queryOf({ filter: { ...NO_FILTER, tags: ['a'] } })
    mine.keep(queryOf(), '1', pageOf('[1]'))
    expect([theirs.find(queryOf()), mine.find(other)]).to.deep.equal([undefined, undefined])
    mine.keep(other, '1', pageOf('[2]'))
    const found = told(Owner.of('ada')).find(queryOf())
    expect([found?.stamp, found?.page()]).to.deep.equal(['1', pageOf('[1]')])
    mine.keep(other, '2', pageOf('[3]'))
    expect([mine.find(queryOf()), mine.find(other)?.stamp]).to.deep.equal([undefined, '2'])
  })

  it('STORE-18 take no more than 20 MB, and the one that was told longest ago goes first', () => {
    const told = toldPages()
    const owners = Array.from({ length: 300 }, (_, n) => told(Owner.of(`o${n}`)))
    for (const [n, one] of owners.entries()) one.keep(queryOf(), '1', pageOf(textOf(n)))
    const held = owners.flatMap((one, n) => (one.find(queryOf()) === undefined ? [] : [n]))
    expect(held).to.have.length.within(208, 212).and.to.include(299).and.not.to.include(0)
    for (const n of held) expect(owners[n]?.find(queryOf())?.page()?.items).to.equal(textOf(n))
    owners[299]?.keep(queryOf({ limit: 1 }), '1', pageOf('x'.repeat(200_000)))
    expect(owners[299]?.find(queryOf({ limit: 1 }))).to.equal(undefined)
  })

  it('STORE-18 are five thousand at most, and those of the owner that asked longest ago go first', () => {
    const told = toldPages()
    const owners = Array.from({ length: 120 }, (_, n) => told(Owner.of(`o${n}`)))
    for (const one of owners) {
      for (let limit = 1; limit <= 50; limit++) one.keep(queryOf({ limit }), '1', pageOf('[]'))
      owners[0]?.find(queryOf({ limit: 1 }))
    }
    const held = owners.map((one) => Array.from({ length: 50 }, (_, n) => one.find(queryOf({ limit: n + 1 }))).filter((found) => found !== undefined).length)
    expect([held[0], held[1], held[119]]).to.deep.equal([50, 0, 50])
    expect(held.reduce((all, one) => all + one, 0)).to.be.within(4_900, 5_000)
  })

  it('STORE-18 one that made room for others between the question and its answer is not told', () => {
    const told = toldPages()
    const mine = told(Owner.of('ada'))
    mine.keep(queryOf(), '1', pageOf('[1]'))
    const found = mine.find(queryOf())
    for (let n = 0; n < 300; n++) told(Owner.of(`o${n}`)).keep(queryOf(), '1', pageOf('x'.repeat(99_000)))
    expect(found?.page()).to.equal(undefined)
  })

  it('STORE-18 one that made room for others while the database was asked is asked for anew', async () => {
    const told = toldPages()
    const mine = told(Owner.of('ada'))
    mine.keep(queryOf(), 'stamp', pageOf('["before"]'))
    const known: unknown[] = []
    const answered = await page(
      async (_, values) => {
        known.push(values['known'])
        if (known.length === 1) for (let n = 0; n < 300; n++) told(Owner.of(`o${n}`)).keep(queryOf(), '1', pageOf('x'.repeat(99_000)))
        return [[known.length === 1 ? null : '["now"]', null, null, '7', 'stamp']]
      },
      queryOf(),
      mine,
    )
    expect(known).to.deep.equal(['stamp', null])
    expect(answered.items).to.equal('["now"]')
  })

  it('STORE-18 a ring of texts gives back what was put in, or nothing', () => {
    const ring = new TextRing(1_000)
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { minLength: 1, maxLength: 60 }), (texts) => {
        const places = texts.map((text) => ring.put(text))
        const [last] = places.slice(-1)
        expect(last && ring.get(last)).to.equal(texts.at(-1))
        for (const [n, place] of places.entries()) expect(ring.get(place)).to.be.oneOf([texts[n], undefined])
        for (const place of places) expect(ring.has(place)).to.equal(ring.get(place) !== undefined)
      }),
    )
  })

  it('STORE-18 are fifty of one owner at most', () => {
    const mine = toldPages()(Owner.of('ada'))
    for (let limit = 1; limit <= 60; limit++) mine.keep(queryOf({ limit }), '1', pageOf('[]'))
    const held = Array.from({ length: 60 }, (_, n) => n + 1).filter((limit) => mine.find(queryOf({ limit })) !== undefined)
    expect([held.length, held[0]]).to.deep.equal([50, 11])
  })

  it('STORE-18 are as the tasks are now, whatever another process has written', async () => {
    const { url, drop } = await freshDatabase()
    const [here, there] = [await openServer({ url, pool: 2 }), await openServer({ url, pool: 2 })]
    await here.migrate()
    const queries = [queryOf(), queryOf({ limit: 1 }), queryOf({ filter: { ...NO_FILTER, statuses: ['done'] } })]
    const told = (ports: Ports) => Promise.all(queries.map((query) => browseTasks(ports)(ada, query)))
    for (const [what, write] of Object.entries(WRITES)) {
      const before = await told(portsOver(here.tasks))
      expect(await told(portsOver(here.tasks)), `before ${what}`).to.deep.equal(before)
      await write(portsOver(there.tasks))
      const fresh = await openServer({ url, pool: 1 })
      expect(await told(portsOver(here.tasks)), what).to.deep.equal(await told(portsOver(fresh.tasks)))
      await fresh.close()
    }
    await here.close()
    await there.close()
    await drop()
  })
})

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: pages that were told`, () => {
    let database: TestDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    it('STORE-18 are told again without a look at a task, and anew where the owner’s row was written', async () => {
      const ports = portsOver(database.tasks)
      await createTask(ports)(ada, () => ({ id: idOf(1), draft: draftOf() }), undefined)
      const first = await browseTasks(ports)(ada, queryOf())
      expect(await browseTasks(ports)(ada, queryOf())).to.deep.equal(first)

      const { ask } = database
      await ask(`select set_config('app.owner_id', 'ada', false)`)
      const stamp = async (): Promise<unknown> => (await ask(pageStatement(queryOf()).text, ['ada', null]))[0]?.['stamp']
      const plan = async (known: unknown): Promise<string> =>
        (await ask(`explain (analyze, costs off, timing off, summary off) ${pageStatement(queryOf()).text}`, ['ada', known]))
          .map((row) => String(row['QUERY PLAN']))
          .join('\n')
      const known = await stamp()
      expect(await plan(known)).to.match(/on tasks t.*never executed/)
      expect(await plan('other')).not.to.match(/on tasks t.*never executed/)
      await patchTask(ports)(ada, idOf(1), () => ({ title: 'edited' }), terms)
      expect(await stamp()).not.to.equal(known)
      expect((await browseTasks(ports)(ada, queryOf())).items).to.include('edited')
    })
  })
}

import { expect } from 'chai'
import fc from 'fast-check'
import { after, before, describe, it } from 'mocha'
import type { OwnedTasks } from '../../src/application/ports.ts'
import { create } from '../../src/domain/editing.ts'
import { comparePositions, matches, type Position, type Query, SORT_FIELDS, sortKey } from '../../src/domain/query.ts'
import { type Draft, PRIORITIES, STATUSES, type Task } from '../../src/domain/task.ts'
import { folded } from '../../src/domain/text.ts'
import { at, boundOf, draftOf, dueOf, idOf, NO_FILTER, principalOf, queryOf } from '../builders.ts'
import { figure, type OpenedStore, type OpenStore } from './opened-store.ts'
import { commitOf } from './writing.ts'

const TITLES = ['a', 'A', 'b', 'ä', 'Straße', 'STRASSE', '50%', '5_0', '"q"', "it's", 'Σίσυφος', '\uffee', '💡', 'z\\', 'ß', 'ss']
const DUES = [
  '2026-11-29',
  '2026-11-30',
  '2026-11-30T00:00Z',
  '2026-11-29T23:30+05:00',
  '2026-11-30T23:59:59.999Z',
  '0001-01-01',
  '9999-12-31T23:59:59.999-23:59',
  '2026-11-30T09:00+05:00[Asia/Karachi]',
]
const BOUNDS = ['2026-11-29', '2026-11-30', '2026-11-30T00:00Z', '2026-11-30T19:00:00.001Z', '0001-01-01', '9999-12-31']
const TAGS = ['a', 'A', 'ä', 'x y', '💡']
const WORDS = ['a', 'STRASSE', 'ß', '%', '_', '"', '\\', 'σ', '💡', "'", '5_', 'text']

const draft: fc.Arbitrary<Draft> = fc.record({
  title: fc.constantFrom(...TITLES),
  description: fc.constantFrom('', 'Some TEXT', 'a\nb'),
  status: fc.constantFrom(...STATUSES),
  priority: fc.constantFrom(...PRIORITIES),
  due: fc.option(fc.constantFrom(...DUES).map(dueOf)),
  tags: fc.subarray(TAGS),
})

const bound = fc.tuple(fc.constantFrom(...BOUNDS), fc.constantFrom('UTC', 'Asia/Karachi', 'Pacific/Honolulu')).map(([raw, zone]) => boundOf(raw, zone))

const query: fc.Arbitrary<Omit<Query, 'from'>> = fc.record({
  filter: fc.record({
    statuses: fc.oneof(fc.constant([]), fc.subarray([...STATUSES])),
    priorities: fc.oneof(fc.constant([]), fc.subarray([...PRIORITIES])),
    tags: fc.oneof(fc.constant([]), fc.subarray(TAGS, { maxLength: 2 })),
    dueAfter: fc.option(bound, { nil: undefined, freq: 2 }),
    dueBefore: fc.option(bound, { nil: undefined, freq: 2 }),
    words: fc.oneof(
      fc.constant([]),
      fc.subarray(WORDS, { maxLength: 2 }).map((words) => words.map(folded)),
    ),
  }),
  sort: fc.record({ field: fc.constantFrom(...SORT_FIELDS), descending: fc.boolean() }),
  limit: fc.integer({ min: 1, max: 9 }),
})

const shown = (items: string): Task[] => JSON.parse(items)

/** Every page from the first to the last, as a client walks them. @param between what happens from page to page */
export async function walk(mine: OwnedTasks, asked: Omit<Query, 'from'>, between: () => unknown = () => {}): Promise<string[]> {
  const ids: string[] = []
  let from: Position | undefined
  do {
    const page = await mine.page({ ...asked, from })
    const items = shown(page.items)
    expect(items.length).to.be.at.most(asked.limit)
    ids.push(...items.map(({ id }) => id))
    from = page.next
    await between()
  } while (from !== undefined)
  return ids
}

/** What every store promises of its lists: they are what the domain says. */
export function listingContract(name: string, open: OpenStore): void {
  describe(`${name}: listing`, function () {
    this.timeout(120_000)
    let opened: OpenedStore
    let mine: OwnedTasks
    const tasks: Task[] = []
    before(async () => {
      opened = await open()
      mine = opened.store.of(principalOf(`${name} listing`).mayWrite())
      const drafts = fc.sample(draft, { numRuns: 90, seed: 7 })
      for (const [n, some] of drafts.entries()) {
        const change = create(idOf((n * 37) % 101), some, at(n >> 2))
        await mine.commit(commitOf(change))
        tasks.push(change.after)
      }
    })
    after(() => opened.close())

    it('LIST-01 LIST-05 LIST-06 LIST-07 LIST-08 LIST-09 pages are what the domain’s filter and order say, whatever is asked', async () => {
      await fc.assert(
        fc.asyncProperty(query, async (asked) => {
          const positionOf = (task: Task): Position => ({ key: sortKey(task, asked.sort.field), id: task.id })
          const wanted = tasks.filter((task) => matches(task, asked.filter)).sort((a, b) => comparePositions(positionOf(a), positionOf(b), asked.sort))
          expect(await walk(mine, asked)).to.deep.equal(wanted.map(({ id }) => id))
        }),
        { numRuns: figure(2000) },
      )
    })

    for (const field of SORT_FIELDS) {
      for (const descending of [false, true]) {
        it(`LIST-05 by ${field}${descending ? ', descending' : ''}, one at a time, is the order of the domain`, async () => {
          const sort = { field, descending }
          const positionOf = (task: Task): Position => ({ key: sortKey(task, field), id: task.id })
          const wanted = [...tasks].sort((a, b) => comparePositions(positionOf(a), positionOf(b), sort)).map(({ id }) => id)
          expect(await walk(mine, { ...queryOf(), sort, limit: 1 })).to.deep.equal(wanted)
          expect(await walk(mine, { ...queryOf(), sort, limit: 100 })).to.deep.equal(wanted)
        })
      }
    }

    it('LIST-11 a page may begin beyond a task that is not there any more', async () => {
      const page = await mine.page(queryOf({ from: { key: Date.parse(at(5)), id: idOf(50) }, filter: NO_FILTER }))
      expect(shown(page.items).every(({ createdAt }) => createdAt <= at(5))).to.equal(true)
      expect(shown(page.items)).to.not.have.length(0)
    })

    it('LIST-01 what another owner holds is on no page', async () => {
      const theirs = opened.store.of(principalOf(`${name} somebody else`).mayWrite())
      await theirs.commit(commitOf(create(idOf(1), draftOf({ title: 'theirs' }), at(0))))
      expect(await walk(theirs, { ...queryOf(), limit: 1 })).to.deep.equal([idOf(1)])
      expect(await walk(mine, { ...queryOf(), limit: 100 })).to.have.length(tasks.length)
    })
  })
}

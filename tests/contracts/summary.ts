import { expect } from 'chai'
import fc from 'fast-check'
import { after, before, describe, it } from 'mocha'
import type { OwnedTasks } from '../../src/application/ports.ts'
import { printSummary } from '../../src/application/summary.ts'
import { create } from '../../src/domain/editing.ts'
import { instantAt } from '../../src/domain/instant.ts'
import { summarize, summaryBounds } from '../../src/domain/summary.ts'
import { type Draft, PRIORITIES, STATUSES, type Task } from '../../src/domain/task.ts'
import { discard } from '../../src/domain/trash.ts'
import { at, BEGINNING, draftOf, dueOf, idOf, principalOf } from '../builders.ts'
import { figure, type OpenedStore, type OpenStore } from './opened-store.ts'
import { commitOf } from './writing.ts'

const HOUR = 3_600_000
const ZONES = ['UTC', 'Asia/Karachi', 'Pacific/Kiritimati', 'Pacific/Honolulu', 'America/Sao_Paulo', 'Asia/Kathmandu']

/** Days and moments around the beginning of every test's clock, some to the millisecond where a day ends somewhere. */
const due = fc.oneof(
  fc.integer({ min: -3, max: 10 }).map((days) => dueOf(instantAt(BEGINNING + days * 24 * HOUR).slice(0, 10))),
  fc.integer({ min: -80, max: 220 }).chain((hours) => fc.constantFrom(-1, 0, 1).map((ms) => dueOf(instantAt(BEGINNING + hours * HOUR + ms)))),
  fc.constant(dueOf('2026-11-25T00:00+05:00[Asia/Karachi]')),
)

/** Few tags are many and many are few: more than 50, a good part of them used alike. */
const tags = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom('a', 'A', 'ä', 'x y', '"', '\\', '💡', '\uffee'),
    fc.nat({ max: 70 }).map((n) => `${n % 2 === 0 ? 't' : 'T'}${n}`),
  ),
  { maxLength: 4 },
)

const draft: fc.Arbitrary<Draft> = fc.record({
  title: fc.constant('a'),
  description: fc.constant(''),
  status: fc.constantFrom(...STATUSES),
  priority: fc.constantFrom(...PRIORITIES),
  due: fc.option(due, { freq: 5 }),
  tags,
})

/** What every store promises of its counts: they are what the domain counts. */
export function summaryContract(name: string, open: OpenStore): void {
  describe(`${name}: summary`, function () {
    this.timeout(120_000)
    let opened: OpenedStore
    let mine: OwnedTasks
    const tasks: Task[] = []
    before(async () => {
      opened = await open()
      mine = opened.store.of(principalOf(`${name} summary`).mayWrite())
      for (const [n, some] of fc.sample(draft, { numRuns: 250, seed: 12 }).entries()) {
        const change = create(idOf(n), some, at(0))
        await mine.commit(commitOf(change))
        if (n % 10 !== 0) tasks.push(change.after)
        else await mine.commit(commitOf(discard(change.after, at(1)), { decidedOn: await numberOf(mine, n) }))
      }
      const theirs = opened.store.of(principalOf(`${name} somebody else`).mayWrite())
      await theirs.commit(commitOf(create(idOf(1), draftOf({ tags: ['theirs'] }), at(0))))
    })
    after(() => opened.close())

    it('SUM-01 SUM-03 SUM-04 SUM-05 SUM-06 SUM-07 the counts are those of the domain, at any hour in any zone', async () => {
      const hour = fc.integer({ min: -60, max: 60 })
      await fc.assert(
        fc.asyncProperty(hour, fc.constantFrom(-1, 0, 1), fc.constantFrom(...ZONES), async (hours, ms, zone) => {
          const bounds = summaryBounds(instantAt(BEGINNING + hours * HOUR + ms), zone)
          expect(await mine.summary(bounds)).to.equal(printSummary(summarize(tasks, bounds)))
        }),
        { numRuns: figure(1000) },
      )
      expect(JSON.parse(await mine.summary(summaryBounds(at(0), 'UTC'))).tags).to.have.length(50)
    })

    it('SUM-01 SUM-02 who has nothing has every count, and each is 0', async () => {
      const bounds = summaryBounds(at(0), 'UTC')
      const nobody = opened.store.of(principalOf(`${name} nobody`).mayRead())
      expect(await nobody.summary(bounds)).to.equal(printSummary(summarize([], bounds)))
      expect(JSON.parse(await nobody.summary(bounds)).byPriority).to.deep.equal({ none: 0, low: 0, medium: 0, high: 0, urgent: 0 })
    })
  })
}

const numberOf = async (mine: OwnedTasks, n: number): Promise<number | undefined> => (await mine.load(idOf(n), undefined, at(0))).stored?.seq

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { doDueWork } from '../../src/application/due-work.ts'
import type { OwnedTasks } from '../../src/application/ports.ts'
import { print } from '../../src/application/printing.ts'
import { create } from '../../src/domain/editing.ts'
import { type Instant, instantAt } from '../../src/domain/instant.ts'
import { discard } from '../../src/domain/trash.ts'
import { at, BEGINNING, draftOf, idOf, onceOf, principalOf, queryOf } from '../builders.ts'
import { type OpenStore, openedAround } from './opened-store.ts'
import { commitOf } from './writing.ts'

const DAY = 24 * 3_600_000
const daysLater = (days: number, ms = 0): Instant => instantAt(BEGINNING + days * DAY + ms)

/** What every store promises of work that falls due: stores under test keep what is trashed for 30 days. */
export function purgingContract(name: string, open: OpenStore): void {
  describe(`${name}: purging`, () => {
    const opened = openedAround(open)
    let owners = 0

    const subject = (): string => `${name} purging ${++owners}`
    const ofSubject = (who: string): OwnedTasks => opened.store.of(principalOf(who).mayWrite())
    const creation = create(idOf(1), draftOf({ title: 'secret', tags: ['a'] }), at(0))
    const keep = { once: onceOf('k'), outcome: { kind: 'created', id: idOf(1), json: print(creation.after) } } as const

    /** A task made and put into the trash at the beginning, its creation kept under a key. */
    async function trashed(mine: OwnedTasks): Promise<void> {
      await mine.commit(commitOf(creation, { keep }))
      await mine.commit(commitOf(discard(creation.after, at(0)), { decidedOn: 1 }))
    }
    const isFree = async (mine: OwnedTasks, id = 1, quota = { tasks: 1, bytes: 1_000_000 }) =>
      (await mine.commit(commitOf(create(idOf(id), draftOf(), at(0)), { quota }))).kind

    it('STORE-07 TASK-16 a purge takes the task and its bytes, no number, and leaves a tombstone for 30 days', async () => {
      const mine = ofSubject(subject())
      await trashed(mine)
      expect(await isFree(mine, 2)).to.equal('task-quota-exceeded')
      expect(await mine.forget(daysLater(30, -1), 10)).to.equal(1)
      expect(await isFree(mine, 2)).to.equal('task-quota-exceeded')
      expect(await mine.forget(daysLater(30), 10)).to.equal(1)
      expect((await mine.page(queryOf())).seq).to.equal(2)
      expect(await isFree(mine, 1)).to.equal('already-exists')
      expect(await mine.forget(daysLater(60, -1), 10)).to.equal(0)
      expect(await isFree(mine, 1)).to.equal('already-exists')
      expect(await mine.forget(daysLater(60), 10)).to.equal(1)
      expect(await isFree(mine, 1, { tasks: 1, bytes: 600 })).to.equal('committed')
      expect((await mine.page(queryOf())).seq).to.equal(3)
    })

    it('STORE-07 a purge empties the kept answers that show the task and leaves their keys', async () => {
      const mine = ofSubject(subject())
      await mine.commit(commitOf(creation))
      await mine.commit(commitOf(discard(creation.after, at(0)), { decidedOn: 1 }))
      await mine.commit(commitOf(undefined, { decidedOn: 2, now: daysLater(29, DAY / 2), keep }))
      await mine.forget(daysLater(30), 10)
      const { kept } = await mine.load(undefined, onceOf('k'), daysLater(30))
      expect(kept).to.deep.equal({ fingerprint: 'f', outcome: { kind: 'created', id: idOf(1), seq: 2, json: null } })
    })

    it('STORE-11 an owner is found when something falls due, and no more once it is done', async () => {
      const who = subject()
      await trashed(ofSubject(who))
      const dueAt = async (now: Instant) => (await opened.work.due(now, 1000)).some(({ id }) => id === who)
      expect(await dueAt(daysLater(1, -1))).to.equal(false)
      expect(await dueAt(daysLater(1))).to.equal(true)
      await doDueWork({ work: opened.work, tasks: opened.store, clock: { now: () => daysLater(1) } })
      expect(await dueAt(daysLater(30, -1))).to.equal(false)
      expect(await dueAt(daysLater(30))).to.equal(true)
      expect(await doDueWork({ work: opened.work, tasks: opened.store, clock: { now: () => daysLater(30) } })).to.be.at.least(1)
      expect(await dueAt(daysLater(60, -1))).to.equal(false)
      expect(await dueAt(daysLater(60))).to.equal(true)
      await doDueWork({ work: opened.work, tasks: opened.store, clock: { now: () => daysLater(60) } })
      expect(await dueAt(daysLater(1000))).to.equal(false)
    })

    it('STORE-11 one step takes no more than its limit of each kind', async () => {
      const mine = ofSubject(subject())
      for (let n = 0; n < 5; n++) {
        const made = create(idOf(n), draftOf(), at(0))
        await mine.commit(commitOf(made))
        await mine.commit(commitOf(discard(made.after, at(0)), { decidedOn: 2 * n + 1 }))
      }
      expect(await mine.forget(daysLater(30), 2)).to.equal(2)
      expect(await mine.forget(daysLater(30), 2)).to.equal(2)
      expect(await mine.forget(daysLater(30), 2)).to.equal(1)
      expect(await mine.forget(daysLater(30), 2)).to.equal(0)
    })
  })
}

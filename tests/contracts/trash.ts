import { expect } from 'chai'
import { describe, it } from 'mocha'
import { doDueWork } from '../../src/application/due-work.ts'
import type { OwnedTasks } from '../../src/application/ports.ts'
import { print } from '../../src/application/printing.ts'
import { complete } from '../../src/domain/completion.ts'
import { create } from '../../src/domain/editing.ts'
import { type Instant, instantAt } from '../../src/domain/instant.ts'
import type { Stored } from '../../src/domain/task.ts'
import { discard, restore } from '../../src/domain/trash.ts'
import { at, BEGINNING, draftOf, idOf, onceOf, principalOf, queryOf } from '../builders.ts'
import { type OpenStore, openedAround } from './opened-store.ts'
import { commitOf } from './writing.ts'

const DAY = 24 * 3_600_000
const MINUTE = 60_000

/** What a purge or an emptying keeps. */
const discarded = (key: string, id = 1) => ({ once: onceOf(key), outcome: { kind: 'discarded', id: idOf(id), json: null } }) as const

/** What every store promises of the trash: stores under test keep what is trashed for 30 days. */
export function trashContract(name: string, open: OpenStore): void {
  describe(`${name}: the trash`, () => {
    const opened = openedAround(open)
    let owners = 0

    const subject = (): string => `${name} trash ${++owners}`
    const ofSubject = (who = subject()): OwnedTasks => opened.store.of(principalOf(who).mayWrite())

    /** So many tasks made and then deleted, the first one first, all at the same moment. */
    async function trashed(mine: OwnedTasks, count: number, from = 1): Promise<void> {
      for (let n = from; n < from + count; n++) {
        const made = create(idOf(n), draftOf({ title: `task ${n}`, tags: ['a'] }), at(0))
        const verdict = await mine.commit(commitOf(made))
        const decidedOn = verdict.kind === 'committed' ? verdict.seq : 0
        await mine.commit(commitOf(discard(made.after, at(5)), { decidedOn }))
      }
    }
    const inTrash = async (mine: OwnedTasks, n: number): Promise<Stored> => {
      const { stored } = await mine.loadTrashed(idOf(n), undefined, at(6))
      if (stored === undefined) throw new Error(`task ${n} is not in the trash`)
      return stored
    }
    const titles = async (mine: OwnedTasks, limit = 100, from?: number) => {
      const page = await mine.trash({ limit, from })
      return { titles: JSON.parse(page.items).map(({ title }: { readonly title: string }) => title), next: page.next }
    }
    const creating = async (mine: OwnedTasks, n: number, quota = { tasks: 1000, bytes: 1_000_000 }) =>
      (await mine.commit(commitOf(create(idOf(n), draftOf(), at(0)), { quota }))).kind

    it('TRASH-01 shows the latest deleted first, page by page, and nothing that is live', async () => {
      const mine = ofSubject()
      expect(await mine.trash({ limit: 1, from: undefined })).to.deep.equal({ items: '[]', next: undefined })
      await creating(mine, 99)
      await trashed(mine, 5)
      const first = await titles(mine, 2)
      expect(first.titles).to.deep.equal(['task 5', 'task 4'])
      const second = await titles(mine, 2, first.next)
      expect(second.titles).to.deep.equal(['task 3', 'task 2'])
      expect(await titles(mine, 2, second.next)).to.deep.equal({ titles: ['task 1'], next: undefined })
      expect((await titles(mine, 5)).next).to.equal(undefined)
    })

    it('TRASH-02 prints a task with when it was deleted and when it is purged', async () => {
      const mine = ofSubject()
      const made = create(idOf(1), draftOf({ title: 'Größe "x" 💡', description: 'a\r\n"\u0001', tags: ['é'] }), at(0))
      await mine.commit(commitOf(made))
      const gone = discard(made.after, at(5))
      await mine.commit(commitOf(gone, { decidedOn: 1 }))
      const printed = gone && `${print(gone.after).slice(0, -1)},"deletedAt":"${at(5)}","purgeAt":"${at(5 + 30 * DAY)}"}`
      expect((await mine.trash({ limit: 20, from: undefined })).items).to.equal(`[${printed}]`)
      expect(await inTrash(mine, 1)).to.deep.equal({ task: gone?.after, seq: 2 })
    })

    it('TRASH-04 TRASH-05 restores a task as it was, at whatever quota', async () => {
      const mine = ofSubject()
      const made = create(idOf(1), draftOf({ status: 'done', tags: ['a'] }), at(1))
      await mine.commit(commitOf(made))
      await mine.commit(commitOf(discard(made.after, at(5)), { decidedOn: 1 }))
      const { task, seq } = await inTrash(mine, 1)
      const restored = restore(task, at(9))
      expect(await mine.commit(commitOf(restored, { decidedOn: seq, quota: { tasks: 0, bytes: 0 } }))).to.deep.equal({ kind: 'committed', seq: 3 })
      expect((await mine.load(idOf(1), undefined, at(9))).stored).to.deep.equal({ task: { ...made.after, version: 3, updatedAt: at(9) }, seq: 3 })
      expect((await titles(mine)).titles).to.deep.equal([])
      expect((await mine.loadTrashed(idOf(1), undefined, at(9))).stored).to.equal(undefined)
      expect(JSON.parse((await mine.page(queryOf({ filter: { ...queryOf().filter, tags: ['a'] } }))).items)).to.have.length(1)
    })

    it('TRASH-06 OWN-02 what is live, missing or another’s is not in the trash', async () => {
      const [mine, theirs] = [ofSubject(), ofSubject()]
      await creating(mine, 1)
      await trashed(theirs, 2, 2)
      for (const n of [1, 2, 3]) {
        expect((await mine.loadTrashed(idOf(n), undefined, at(6))).stored).to.equal(undefined)
        expect(await mine.purge({ id: idOf(n), decidedOn: n === 2 ? 2 : 1, now: at(6), keep: undefined })).to.equal(false)
      }
      await mine.empty({ now: at(7), keep: undefined })
      expect((await titles(theirs)).titles).to.have.length(2)
      expect((await mine.load(idOf(1), undefined, at(7))).stored?.seq).to.equal(1)
    })

    it('TRASH-07 TRASH-09 purges one task at once, takes no number, and leaves its tombstone', async () => {
      const mine = ofSubject()
      await trashed(mine, 2)
      const { seq } = await inTrash(mine, 1)
      expect(await mine.purge({ id: idOf(1), decidedOn: seq - 1, now: at(6), keep: undefined })).to.equal(false)
      expect(await creating(mine, 3, { tasks: 2, bytes: 1_000_000 })).to.equal('task-quota-exceeded')
      expect(await mine.purge({ id: idOf(1), decidedOn: seq, now: at(6), keep: undefined })).to.equal(true)
      expect(await mine.purge({ id: idOf(1), decidedOn: seq, now: at(6), keep: undefined })).to.equal(false)
      expect((await titles(mine)).titles).to.deep.equal(['task 2'])
      expect((await mine.page(queryOf())).seq).to.equal(4)
      expect(await creating(mine, 1)).to.equal('already-exists')
      expect(await creating(mine, 3, { tasks: 2, bytes: 1_000_000 })).to.equal('committed')
      expect(await mine.forget(at(6 + 30 * DAY), 10)).to.equal(2)
      expect(await creating(mine, 1)).to.equal('committed')
    })

    it('TRASH-07 IDEM-07 a purge and an emptying keep their answer, and are not done where one is kept already', async () => {
      const mine = ofSubject()
      await trashed(mine, 2)
      const { seq } = await inTrash(mine, 1)
      const purge = { id: idOf(1), decidedOn: seq, now: at(6), keep: discarded('k') }
      expect(await mine.purge(purge)).to.equal(true)
      expect((await mine.loadTrashed(idOf(1), onceOf('k'), at(6))).kept?.outcome).to.deep.equal({ kind: 'discarded', id: idOf(1), seq, json: null })
      expect(await mine.purge({ ...purge, id: idOf(2), decidedOn: 4 })).to.equal(false)
      expect(await mine.empty({ now: at(7), keep: discarded('k') })).to.equal(false)
      expect((await titles(mine)).titles).to.deep.equal(['task 2'])
      expect(await mine.empty({ now: at(7), keep: discarded('k2') })).to.equal(true)
      expect((await mine.load(undefined, onceOf('k2'), at(7))).kept?.outcome.kind).to.equal('discarded')
      expect(await mine.empty({ now: at(7), keep: discarded('k2') })).to.equal(false)
      expect(await ofSubject().empty({ now: at(7), keep: discarded('k2') })).to.equal(true)
    })

    it('TRASH-08 a keyed write that changes nothing brings back nothing of what was deleted or purged meanwhile', async () => {
      const mine = ofSubject()
      const made = create(idOf(1), draftOf(), at(0))
      await mine.commit(commitOf(made))
      await mine.commit(commitOf(discard(made.after, at(5)), { decidedOn: 1 }))
      const late = commitOf(undefined, { decidedOn: 1, keep: { once: onceOf('late'), outcome: { kind: 'changed', id: idOf(1), json: print(made.after) } } })
      expect(await mine.commit(late)).to.deep.equal({ kind: 'overtaken' })
      await mine.purge({ id: idOf(1), decidedOn: 2, now: at(6), keep: undefined })
      expect(await mine.commit(late)).to.deep.equal({ kind: 'overtaken' })
      expect((await mine.load(undefined, onceOf('late'), at(6))).kept).to.equal(undefined)
    })

    it('TRASH-10 an emptied trash shows nothing, restores nothing, and is told of by no kept answer; what comes later is in it', async () => {
      const mine = ofSubject()
      const made = create(idOf(9), draftOf({ title: 'secret' }), at(0))
      await mine.commit(commitOf(made, { keep: { once: onceOf('made'), outcome: { kind: 'created', id: idOf(9), json: print(made.after) } } }))
      await mine.commit(commitOf(discard(made.after, at(5)), { decidedOn: 1 }))
      await trashed(mine, 2)
      await creating(mine, 50)
      const { task, seq } = await inTrash(mine, 1)
      expect((await mine.load(undefined, onceOf('made'), at(6))).kept?.outcome.json).to.equal(print(made.after))
      expect(await mine.empty({ now: at(6), keep: undefined })).to.equal(true)
      expect((await titles(mine)).titles).to.deep.equal([])
      expect((await mine.loadTrashed(idOf(1), undefined, at(6))).stored).to.equal(undefined)
      expect((await mine.load(undefined, onceOf('made'), at(6))).kept?.outcome.json).to.equal(null)
      expect(await mine.commit(commitOf(restore(task, at(7)), { decidedOn: seq }))).to.deep.equal({ kind: 'overtaken' })
      expect(await mine.purge({ id: idOf(1), decidedOn: seq, now: at(7), keep: undefined })).to.equal(false)
      const live = (await mine.load(idOf(50), undefined, at(7))).stored
      await mine.commit(commitOf(live && discard(live.task, at(8)), { decidedOn: live?.seq }))
      expect((await titles(mine)).titles).to.deep.equal(['Buy milk'])
      expect((await mine.page(queryOf())).seq).to.equal(8)
    })

    it('TRASH-11 erasing an emptied trash is due at once, goes in steps, and gives back as it goes', async () => {
      const who = subject()
      const mine = ofSubject(who)
      await trashed(mine, 5)
      await trashed(mine, 1, 6)
      await mine.commit(commitOf(restore((await inTrash(mine, 6)).task, at(6)), { decidedOn: 12 }))
      const isDue = async (now: Instant) => (await opened.work.due(now, 1000)).some(({ id }) => id === who)
      expect(await isDue(at(DAY))).to.equal(false)
      await mine.empty({ now: at(7), keep: undefined })
      await trashed(mine, 1, 7)
      expect(await isDue(at(7))).to.equal(true)
      const quota = { tasks: 5, bytes: 1_000_000 }
      expect(await creating(mine, 20, quota)).to.equal('task-quota-exceeded')
      expect(await mine.forget(at(7), 3)).to.equal(3)
      expect(await creating(mine, 1)).to.equal('already-exists')
      expect(await creating(mine, 5)).to.equal('already-exists')
      expect(await creating(mine, 20, quota)).to.equal('committed')
      expect(await mine.forget(at(7), 3)).to.equal(2)
      expect(await mine.forget(at(7), 3)).to.equal(0)
      expect((await titles(mine)).titles).to.deep.equal(['task 7'])
      expect((await mine.load(idOf(6), undefined, at(7))).stored?.task.version).to.equal(3)
      expect(await isDue(at(DAY))).to.equal(false)
      expect(await isDue(at(5 + 30 * DAY))).to.equal(true)
    })

    it('TRASH-12 STORE-11 one server at a time has what is due; where it is not done another may have it after the lease', async () => {
      const who = subject()
      const owner = principalOf(who).mayWrite()
      const mine = opened.store.of(owner)
      await trashed(mine, 1)
      const until = instantAt(BEGINNING + 5 * MINUTE)
      expect(await opened.work.claim(owner, at(6), until)).to.equal(false)
      await mine.empty({ now: at(7), keep: undefined })
      const claims = await Promise.all([1, 2, 3].map(() => opened.work.claim(owner, at(7), until)))
      expect(claims.filter((claimed) => claimed)).to.have.length(1)
      const all = async (now: Instant) => (await opened.work.due(now, 1000)).map(({ id }) => id)
      expect(await all(at(MINUTE))).to.not.include(who)
      await doDueWork({ work: opened.work, tasks: opened.store, clock: { now: () => at(MINUTE) } })
      expect(await creating(mine, 2, { tasks: 1, bytes: 1_000_000 })).to.equal('task-quota-exceeded')
      expect(await all(until)).to.include(who)
      await doDueWork({ work: opened.work, tasks: opened.store, clock: { now: () => until } })
      expect(await creating(mine, 2, { tasks: 1, bytes: 1_000_000 })).to.equal('committed')
      expect(await all(at(DAY))).to.not.include(who)
    })

    it('TRASH-10 TRASH-08 of a restoration, a purge and an emptying at once one has the task', async () => {
      for (let turn = 0; turn < 10; turn++) {
        const mine = ofSubject()
        await trashed(mine, 1)
        const { task, seq } = await inTrash(mine, 1)
        const [restored, purged] = await Promise.all([
          mine.commit(commitOf(restore(task, at(8)), { decidedOn: seq })),
          mine.purge({ id: idOf(1), decidedOn: seq, now: at(8), keep: undefined }),
          mine.empty({ now: at(8), keep: undefined }),
        ])
        const { stored } = await mine.load(idOf(1), undefined, at(8))
        expect(stored !== undefined).to.equal(restored.kind === 'committed')
        expect(restored.kind === 'committed' && purged).to.equal(false)
        expect((await titles(mine)).titles).to.deep.equal([])
        if (stored) expect((await mine.commit(commitOf(complete(stored.task, at(9)), { decidedOn: stored.seq }))).kind).to.equal('committed')
      }
    })
  })
}

import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Commit, OwnedTasks } from '../../src/application/ports.ts'
import { print } from '../../src/application/printing.ts'
import { complete } from '../../src/domain/completion.ts'
import { create, edit } from '../../src/domain/editing.ts'
import { instantAt } from '../../src/domain/instant.ts'
import type { Task } from '../../src/domain/task.ts'
import { discard } from '../../src/domain/trash.ts'
import { entryWeight, taskWeight } from '../../src/domain/weight.ts'
import { at, BEGINNING, draftOf, dueOf, idOf, onceOf, principalOf, queryOf } from '../builders.ts'
import { type OpenStore, openedAround } from './opened-store.ts'

const QUOTA = { tasks: 1000, bytes: 100_000_000 }

/** A commit of a change, decided on the state with the number `decidedOn`. */
export const commitOf = (change: Commit['change'], some: Partial<Commit> = {}): Commit => ({
  change,
  decidedOn: undefined,
  actor: 'someone',
  now: change?.at ?? at(0),
  quota: QUOTA,
  keep: undefined,
  ...some,
})

const creating = (id: number, some = {}, terms: Partial<Commit> = {}): Commit => commitOf(create(idOf(id), draftOf(some), at(0)), terms)

const keeping = (key: string, task: Task | undefined, id = idOf(1)): NonNullable<Commit['keep']> => ({
  once: onceOf(key),
  outcome: { kind: 'created', id, json: task ? print(task) : null },
})

/** What every store promises of writing. */
export function writingContract(name: string, open: OpenStore): void {
  describe(`${name}: writing`, () => {
    const opened = openedAround(open)
    let owners = 0

    const someone = (): OwnedTasks => opened.store.of(principalOf(`${name} writing ${++owners}`).mayWrite())
    const loaded = async (mine: OwnedTasks, id = idOf(1)) => (await mine.load(id, undefined, at(0))).stored

    it('STORE-01 a committed task is read, loaded and listed as it was written', async () => {
      const mine = someone()
      const change = create(
        idOf(1),
        draftOf({
          title: 'Größe "x" \\ 💡',
          description: 'a\r\n\u0001\u007f\t"\\u0041 €',
          status: 'done',
          priority: 'urgent',
          due: dueOf('2026-11-30T09:00+05:00[Asia/Karachi]'),
          tags: ['a b', 'é', '💡'],
        }),
        at(1),
      )
      expect(await mine.commit(commitOf(change))).to.deep.equal({ kind: 'committed', seq: 1 })
      const { after: task } = change
      const shown = await mine.read(task.id)
      expect(shown?.json).to.equal(print(task))
      expect(shown?.seq).to.equal(1)
      expect(await loaded(mine)).to.deep.equal({ task, seq: 1 })
      const page = await mine.page(queryOf())
      expect(page).to.deep.equal({ items: `[${print(task)}]`, next: undefined, seq: 1 })
    })

    it('STORE-01 nothing is there before the first change', async () => {
      const mine = someone()
      expect(await mine.read(idOf(1))).to.equal(undefined)
      expect(await mine.load(idOf(1), onceOf('k'), at(0))).to.deep.equal({ stored: undefined, kept: undefined })
      expect(await mine.page(queryOf())).to.deep.equal({ items: '[]', next: undefined, seq: 0 })
    })

    it('OWN-01 two owners may hold the same id, and neither reaches the other’s', async () => {
      const [mine, theirs] = [someone(), someone()]
      await mine.commit(creating(1, { title: 'mine' }))
      expect(await loaded(theirs)).to.equal(undefined)
      expect(await theirs.read(idOf(1))).to.equal(undefined)
      const task = creating(1).change?.after
      expect(await theirs.commit(commitOf(task && complete(task, at(1)), { decidedOn: 1 }))).to.deep.equal({ kind: 'overtaken' })
      expect((await theirs.commit(creating(1, { title: 'theirs' }))).kind).to.equal('committed')
      expect((await loaded(mine))?.task.title).to.equal('mine')
      expect(JSON.parse((await theirs.page(queryOf())).items)).to.have.length(1)
    })

    it('STORE-02 STORE-03 each change takes its owner’s next number, and what is not committed takes none', async () => {
      const mine = someone()
      await mine.commit(creating(1))
      const task = creating(1).change?.after
      const done = task && complete(task, at(1))
      expect(await mine.commit(commitOf(done, { decidedOn: 1 }))).to.deep.equal({ kind: 'committed', seq: 2 })
      expect(await mine.commit(commitOf(done, { decidedOn: 1 }))).to.deep.equal({ kind: 'overtaken' })
      expect(await mine.commit(creating(1))).to.deep.equal({ kind: 'already-exists' })
      expect(await mine.commit(creating(2, {}, { quota: { ...QUOTA, tasks: 1 } }))).to.deep.equal({ kind: 'task-quota-exceeded' })
      expect(await mine.commit(creating(2, {}, { quota: { ...QUOTA, bytes: 1 } }))).to.deep.equal({ kind: 'storage-quota-exceeded' })
      expect((await mine.page(queryOf())).seq).to.equal(2)
      expect(await mine.commit(creating(2))).to.deep.equal({ kind: 'committed', seq: 3 })
      expect((await loaded(mine))?.task).to.deep.equal(done?.after)
    })

    it('TASK-22 a discarded task is not read, loaded or listed, and its id stays taken', async () => {
      const mine = someone()
      await mine.commit(creating(1))
      const task = creating(1).change?.after
      expect((await mine.commit(commitOf(task && discard(task, at(1)), { decidedOn: 1 }))).kind).to.equal('committed')
      expect(await mine.read(idOf(1))).to.equal(undefined)
      expect(await loaded(mine)).to.equal(undefined)
      expect((await mine.page(queryOf())).items).to.equal('[]')
      expect(await mine.commit(creating(1))).to.deep.equal({ kind: 'already-exists' })
    })

    it('IDEM-01 what is kept under a key is found for 24 hours, then makes room', async () => {
      const mine = someone()
      const { change } = creating(1)
      await mine.commit(creating(1, {}, { keep: keeping('k', change?.after) }))
      const outcome = { kind: 'created', id: idOf(1), seq: 1, json: change && print(change.after) }
      const dayLater = instantAt(BEGINNING + 24 * 3_600_000 - 1)
      expect((await mine.load(undefined, onceOf('k', 'other'), dayLater)).kept).to.deep.equal({ fingerprint: 'f', outcome })
      expect((await mine.load(undefined, onceOf('k2'), at(0))).kept).to.equal(undefined)
      expect((await mine.load(undefined, onceOf('k', 'f', 'PUT /x'), at(0))).kept).to.equal(undefined)
      const expired = instantAt(BEGINNING + 24 * 3_600_000)
      expect((await mine.load(undefined, onceOf('k'), expired)).kept).to.equal(undefined)
      const again = commitOf(create(idOf(2), draftOf(), expired), { keep: keeping('k', undefined, idOf(2)) })
      expect(await mine.commit(again)).to.deep.equal({ kind: 'committed', seq: 2 })
      expect((await mine.load(undefined, onceOf('k'), expired)).kept?.outcome).to.deep.equal({ kind: 'created', id: idOf(2), seq: 2, json: null })
    })

    it('IDEM-07 a key is kept with its change or not at all, and also where nothing changed', async () => {
      const mine = someone()
      await mine.commit(creating(1))
      expect(await mine.commit(creating(1, {}, { keep: keeping('refused', undefined) }))).to.deep.equal({ kind: 'already-exists' })
      expect((await mine.load(undefined, onceOf('refused'), at(0))).kept).to.equal(undefined)
      expect(await mine.commit(commitOf(undefined, { decidedOn: 1, keep: keeping('same', undefined) }))).to.deep.equal({ kind: 'committed', seq: 1 })
      expect((await mine.load(idOf(1), onceOf('same'), at(0))).kept?.outcome.seq).to.equal(1)
      expect(await mine.commit(creating(2, {}, { keep: keeping('same', undefined) }))).to.deep.equal({ kind: 'overtaken' })
      expect(await mine.commit(creating(1, {}, { keep: keeping('same', undefined) }))).to.deep.equal({ kind: 'overtaken' })
      expect((await mine.page(queryOf())).seq).to.equal(1)
    })

    it('STORE-06 STORE-08 bytes are counted as they come and go: the newest 1,000 entries of a task weigh, and no other', async function () {
      this.timeout(60_000)
      const mine = someone()
      let task = create(idOf(1), draftOf({ title: '0000' }), at(0)).after
      const entry = edit(task, { title: '0001' }, at(1))
      // What is there, and the entry that comes: the one that goes for it goes with it, and is still counted.
      const quota = { tasks: 10, bytes: taskWeight(task) + 1001 * entryWeight(entry?.fields ?? {}) }
      await mine.commit(creating(1, { title: '0000' }))
      for (let turn = 1; turn <= 1100; turn++) {
        const change = edit(task, { title: String(turn).padStart(4, '0') }, at(turn))
        const verdict = await mine.commit(commitOf(change, { decidedOn: turn, quota }))
        expect(verdict.kind, `turn ${turn}`).to.equal('committed')
        task = change?.after ?? task
      }
      const next = commitOf(edit(task, { title: '1101' }, at(1101)), { decidedOn: 1101, quota: { ...quota, bytes: quota.bytes - 1 } })
      expect((await mine.commit(next)).kind).to.equal('storage-quota-exceeded')
      const longer = edit(task, { description: 'x'.repeat(9000) }, at(1101))
      expect((await mine.commit(commitOf(longer, { decidedOn: 1101, quota }))).kind).to.equal('storage-quota-exceeded')
      const gone = discard(task, at(1101))
      expect((await mine.commit(commitOf(gone, { decidedOn: 1101, quota: { tasks: 0, bytes: 0 } }))).kind).to.equal('committed')
    })

    it('STORE-01 the longest owner, title, description and tags fit, and so do hostile owners', async () => {
      const longest = {
        title: 'ΐ'.repeat(200),
        description: '𐐀'.repeat(10_000),
        tags: Array.from({ length: 20 }, (_, n) => `${'𐐀'.repeat(48)}${String(n).padStart(2, '0')}`),
      }
      const hostile = ["o'; drop table tasks; --", '$$', '\\', '"', '%', '{"a":1}', "E'\\''", 'app.owner_id', '＇', '𐐀'.repeat(255)]
      for (const subject of hostile) {
        const mine = opened.store.of(principalOf(subject).mayWrite())
        const change = create(idOf(1), draftOf(longest), at(0))
        expect((await mine.commit(commitOf(change))).kind, subject).to.equal('committed')
        expect((await mine.read(idOf(1)))?.json).to.equal(print(change.after))
        expect(JSON.parse((await mine.page(queryOf({ sort: { field: 'title', descending: false } }))).items)).to.have.length(1)
      }
    })
  })
}

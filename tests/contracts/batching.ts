import { expect } from 'chai'
import { describe, it } from 'mocha'
import { runBatch } from '../../src/application/batch.ts'
import type { OwnedTasks, Ports } from '../../src/application/ports.ts'
import type { Operation } from '../../src/domain/batch.ts'
import { create } from '../../src/domain/editing.ts'
import { type Instant, instantAt } from '../../src/domain/instant.ts'
import { Refused } from '../../src/domain/refusal.ts'
import type { Draft, TaskId } from '../../src/domain/task.ts'
import { discard } from '../../src/domain/trash.ts'
import { at, BEGINNING, draftOf, idOf, onceOf, portsOver, principalOf, queryOf, refusalOf } from '../builders.ts'
import { figure, type OpenStore, openedAround } from './opened-store.ts'
import { commitOf } from './writing.ts'

const DAY = 24 * 3_600_000

const creating = (id: number, some: Partial<Draft> = {}): Operation => ({ op: 'create', id: idOf(id), draft: draftOf(some) })
const patching = (id: number, title: string, ifVersion?: number): Operation => ({ op: 'patch', id: idOf(id), ifVersion, edit: { title } })
const doing = (op: 'complete' | 'reopen' | 'delete' | 'restore', id: number, ifVersion?: number): Operation => ({ op, id: idOf(id), ifVersion })

/** The kind of refusal and the index of the operation, or `none`. */
async function refused(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'none'
  } catch (fault) {
    if (fault instanceof Refused) return `${fault.refusal.kind} ${fault.index}`
    throw fault
  }
}

/** What every store promises of batches. */
export function batchingContract(name: string, open: OpenStore): void {
  describe(`${name}: batches`, function () {
    this.timeout(120_000)
    const opened = openedAround(open)
    let owners = 0

    interface Mine {
      readonly tasks: OwnedTasks
      readonly ports: Ports
      run(operations: readonly Operation[], terms?: object): ReturnType<ReturnType<typeof runBatch>>
      /** Everything that can be seen of the owner. */
      seen(): Promise<object>
    }

    function someone(quota?: Ports['quota']): Mine {
      const who = principalOf(`${name} batching ${++owners}`)
      let made = 1000
      const ports = { ...portsOver(opened.store, quota), ids: { next: () => idOf(++made) } }
      const tasks = opened.store.of(who.mayWrite())
      return {
        tasks,
        ports,
        run: (operations, terms) => runBatch(ports)(who, () => operations, terms),
        seen: async () => ({ page: await tasks.page(queryOf({ limit: 100 })), trash: await tasks.trash({ limit: 100, from: undefined }) }),
      }
    }

    const shown = (json: string | null): unknown => (json === null ? null : JSON.parse(json))

    it('BATCH-01 BATCH-02 operations are carried out in order, each on what those before it left, each change with a number of its own', async () => {
      const mine = someone()
      const { results } = await mine.run([
        creating(1, { title: 'one', tags: ['a'] }),
        patching(1, 'uno', 1),
        doing('complete', 1, 2),
        doing('complete', 1, 3),
        creating(2),
        doing('delete', 2, 1),
        doing('restore', 2, 2),
        doing('reopen', 1, 3),
        doing('delete', 1, 4),
      ])
      expect(results.map(({ kind }) => kind)).to.deep.equal([
        'created',
        'changed',
        'changed',
        'changed',
        'created',
        'discarded',
        'changed',
        'changed',
        'discarded',
      ])
      const versions = results.map(({ json }) => (json === null ? null : JSON.parse(json).version))
      expect(versions).to.deep.equal([1, 2, 3, 3, 1, null, 3, 4, null])
      expect((await mine.tasks.page(queryOf())).seq).to.equal(8)
      expect((await mine.tasks.read(idOf(2)))?.json).to.equal(results[6]?.json)
      expect(await mine.tasks.read(idOf(1))).to.equal(undefined)
      await mine.run([doing('restore', 1, 5)])
      expect(shown((await mine.tasks.read(idOf(1)))?.json ?? null)).to.include({ title: 'uno', status: 'todo', version: 6 })
      expect((await mine.tasks.load(idOf(1), undefined, at(0))).stored?.seq).to.equal(9)
    })

    it('BATCH-02 a batch on tasks that were there before decides on them as they are', async () => {
      const mine = someone()
      await mine.tasks.commit(commitOf(create(idOf(1), draftOf(), at(0))))
      const { after: gone } = create(idOf(2), draftOf({ title: 'gone' }), at(0))
      await mine.tasks.commit(commitOf(create(idOf(2), draftOf({ title: 'gone' }), at(0))))
      await mine.tasks.commit(commitOf(discard(gone, at(0)), { decidedOn: 2 }))
      const { results } = await mine.run([doing('restore', 2), patching(1, 'new', 1), patching(1, 'newer'), doing('complete', 2, 3)])
      expect(results.map(({ json }) => JSON.parse(json ?? '').title)).to.deep.equal(['gone', 'new', 'newer', 'gone'])
      expect((await mine.tasks.page(queryOf())).seq).to.equal(7)
      expect((await mine.tasks.read(idOf(2)))?.json).to.equal(results[3]?.json)
    })

    it('BATCH-03 BATCH-05 where one operation is refused nothing of the batch is kept, whatever it is refused for', async () => {
      const mine = someone({ tasks: 4, bytes: 20_000 })
      await mine.run([creating(1), creating(2), doing('delete', 2)])
      const before = await mine.seen()
      const good = [patching(1, 'changed'), creating(3), doing('restore', 2)]
      const cases: readonly (readonly [string, readonly Operation[]])[] = [
        ['not-found 3', [...good, patching(9, 'x')]],
        ['not-found 3', [...good, doing('restore', 1)]],
        ['not-found 4', [...good, doing('delete', 1), doing('complete', 1)]],
        ['stale 3', [...good, patching(1, 'again', 1)]],
        ['already-exists 3', [...good, creating(3)]],
        ['already-exists 3', [...good, creating(2)]],
        ['task-quota-exceeded 4', [...good, creating(4), creating(5), patching(9, 'x')]],
        ['storage-quota-exceeded 3', [...good, creating(5, { description: '𐐀'.repeat(10_000) })]],
      ]
      for (const [wanted, operations] of cases) {
        expect(await refused(() => mine.run(operations, { once: onceOf('k') })), wanted).to.equal(wanted)
        expect(await mine.seen(), wanted).to.deep.equal(before)
      }
      expect((await mine.run(good, { once: onceOf('k') })).results).to.have.length(3)
    })

    it('BATCH-03 a batch of 100 with the 57th refused: no reader sees any of it, and of one that is carried out none or all', async () => {
      const mine = someone()
      const hundred = Array.from({ length: 100 }, (_, n) => creating(n + 1))
      const refusable = hundred.with(56, patching(900, 'x'))
      const rounds = figure(20)
      let isOver = false
      const counts = new Set<number>()
      const read = async (): Promise<void> => {
        while (!isOver) {
          const { items, seq } = await mine.tasks.page(queryOf({ limit: 100 }))
          counts.add(JSON.parse(items).length)
          counts.add(seq)
          await new Promise(setImmediate)
        }
      }
      const readers = [read(), read()]
      try {
        for (let round = 0; round < rounds; round++) expect(await refused(() => mine.run(refusable))).to.equal('not-found 56')
        expect([...counts]).to.deep.equal([0])
        await mine.run(hundred)
      } finally {
        isOver = true
        await Promise.all(readers)
      }
      expect([...counts].filter((count) => count !== 0 && count !== 100)).to.deep.equal([])
      expect((await mine.tasks.page(queryOf())).seq).to.equal(100)
    })

    it('BATCH-02 BATCH-03 what a batch was decided on must still be so, also of a task that it only shows', async () => {
      const mine = someone()
      await mine.run([creating(1), creating(2)])
      const made = { change: create(idOf(3), draftOf(), at(0)), decidedOn: undefined }
      const how = { changes: [made], actor: 'someone', now: at(0), quota: { tasks: 10, bytes: 1e6 }, once: undefined, keep: undefined }
      expect(
        await mine.tasks.commitAll(
          {
            ...how,
            unchanged: [
              { id: idOf(1), seq: 1 },
              { id: idOf(2), seq: 1 },
            ],
          },
          false,
        ),
      ).to.deep.equal({ kind: 'overtaken' })
      expect(await mine.tasks.commitAll({ ...how, unchanged: [{ id: idOf(9), seq: 1 }] }, false)).to.deep.equal({ kind: 'overtaken' })
      expect((await mine.tasks.page(queryOf())).seq).to.equal(2)
      expect(
        await mine.tasks.commitAll(
          {
            ...how,
            unchanged: [
              { id: idOf(1), seq: 1 },
              { id: idOf(2), seq: 2 },
            ],
          },
          false,
        ),
      ).to.deep.equal({ kind: 'committed' })
    })

    it('BATCH-08 a dry run answers what would happen and changes nothing, also of what only the store knows', async () => {
      const mine = someone({ tasks: 3, bytes: 20_000 })
      await mine.run([creating(1), creating(2), doing('delete', 2)])
      await mine.tasks.forget(instantAt(BEGINNING + 31 * DAY), 10)
      const before = await mine.seen()
      const dry = { dryRun: true, once: onceOf('k') }
      const proposal = [patching(1, 'changed', 1), creating(3), { op: 'create', id: undefined, draft: draftOf({ title: 'unnamed' }) } as const]
      const { results } = await mine.run(proposal, dry)
      expect(shown(results[2]?.json ?? null)).to.include({ id: null, title: 'unnamed', version: 1 })
      expect(await refused(() => mine.run([creating(2)], dry)), 'a tombstone').to.equal('already-exists 0')
      expect(await refused(() => mine.run([creating(3), creating(4), creating(5)], dry))).to.equal('task-quota-exceeded 2')
      expect(await refused(() => mine.run([creating(3), creating(4, { description: '𐐀'.repeat(10_000) })], dry))).to.equal('storage-quota-exceeded 1')
      expect(await mine.seen()).to.deep.equal(before)
      const done = await mine.run(proposal, { once: onceOf('k') })
      const without = (json: string | null) => ({ ...JSON.parse(json ?? ''), id: 0, createdAt: 0, updatedAt: 0 })
      expect(done.results.map(({ json }) => without(json))).to.deep.equal(results.map(({ json }) => without(json)))
    })

    it('BATCH-09 what is kept of a batch is given again for a day, and not where it was refused', async () => {
      const mine = someone()
      const operations = [creating(1, { title: 'a "b" \\ é', description: 'two\nlines' }), doing('complete', 1), doing('delete', 1), creating(2)]
      expect(await refused(() => mine.run([...operations, creating(2)], { once: onceOf('k') }))).to.equal('already-exists 4')
      const first = await mine.run(operations, { once: onceOf('k') })
      const seen = await mine.seen()
      expect(await mine.run(operations, { once: onceOf('k') })).to.deep.equal(first)
      expect(await refusalOf(() => mine.run(operations, { once: onceOf('k', 'other') }))).to.equal('idempotency-key-reused')
      expect(await mine.seen()).to.deep.equal(seen)
      const nothing = [doing('complete', 2), doing('complete', 2)]
      const unchanged = await mine.run(nothing.slice(0, 1), { once: onceOf('l') })
      expect(await mine.run(nothing.slice(1), { once: onceOf('l') })).to.deep.equal(unchanged)
      const later = instantAt(BEGINNING + DAY + 1_000_000)
      const expired: Ports = { ...mine.ports, clock: { now: () => later } }
      const again = runBatch(expired)(principalOf(`${name} batching ${owners}`), () => [creating(3)], { once: onceOf('k', 'other') })
      expect((await again).results).to.have.length(1)
      expect((await mine.tasks.loadAll([], onceOf('k'), later)).kept?.outcome.results).to.have.length(1)
    })

    it('BATCH-09 of twenty batches at once under one key one is carried out', async () => {
      const mine = someone()
      const each = Array.from({ length: 20 }, () => {
        const ports: Ports = { ...mine.ports, underWay: new Set() }
        return runBatch(ports)(principalOf(`${name} batching ${owners}`), () => [{ op: 'create', id: undefined, draft: draftOf() }, creating(1)], {
          once: onceOf('k'),
        })
      })
      const outcomes = await Promise.all(each)
      expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).to.equal(1)
      expect((await mine.tasks.page(queryOf())).seq).to.equal(2)
    })

    it('BATCH-10 STORE-07 once a task of it is purged or emptied out, what is kept shows no task, and its bytes are given back', async () => {
      for (const way of ['purge', 'forget', 'empty']) {
        const mine = someone()
        const first = await mine.run([creating(1, { title: 'secret' }), creating(2), doing('complete', 2)], { once: onceOf('k') })
        expect(first.results.map(({ json }) => json === null)).to.deep.equal([false, false, false])
        const now: Instant = at(1000)
        await mine.run([doing('delete', 1)])
        const decidedOn = (await mine.tasks.page(queryOf())).seq
        if (way === 'purge') expect(await mine.tasks.purge({ id: idOf(1), decidedOn, now, keep: undefined })).to.equal(true)
        if (way === 'empty') expect(await mine.tasks.empty({ now, keep: undefined })).to.equal(true)
        if (way === 'forget') {
          const kept = [doing('complete', 2)]
          const month: Ports = { ...mine.ports, clock: { now: () => instantAt(BEGINNING + 29.5 * DAY) } }
          const owner = principalOf(`${name} batching ${owners}`)
          await mine.tasks.forget(instantAt(BEGINNING + 29 * DAY), 10)
          await runBatch(month)(owner, () => [doing('restore', 1), ...kept, doing('delete', 1)], { once: onceOf('k') })
          await mine.tasks.empty({ now: instantAt(BEGINNING + 29.6 * DAY), keep: undefined })
          await mine.tasks.forget(instantAt(BEGINNING + 29.7 * DAY), 10)
        }
        const { kept } = await mine.tasks.loadAll([], onceOf('k'), way === 'forget' ? instantAt(BEGINNING + 29.8 * DAY) : now)
        expect(
          kept?.outcome.results.map(({ kind }) => kind),
          way,
        ).to.have.length(3)
        expect(
          kept?.outcome.results.map(({ json }) => json),
          way,
        ).to.deep.equal([null, null, null])
      }
    })

    it('BATCH-02 BATCH-03 batches and single changes at once are all carried out, one after the other', async () => {
      const mine = someone()
      await mine.run([creating(1)])
      const ids = Array.from({ length: 20 }, (_, n) => n + 2)
      const who = principalOf(`${name} batching ${owners}`)
      const batches = ids.map((n) => runBatch({ ...mine.ports, underWay: new Set() })(who, () => [patching(1, `${n}`), creating(n), patching(n, 'x', 1)]))
      await Promise.all(batches)
      const { seq, items } = await mine.tasks.page(queryOf({ limit: 100 }))
      expect(seq).to.equal(1 + 3 * ids.length)
      const versions = new Map<TaskId, number>(JSON.parse(items).map(({ id, version }: { id: TaskId; version: number }) => [id, version]))
      expect(versions.get(idOf(1))).to.equal(1 + ids.length)
      expect(ids.map((n) => versions.get(idOf(n)))).to.deep.equal(ids.map(() => 2))
    })
  })
}

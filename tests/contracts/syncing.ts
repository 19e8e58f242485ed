import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import type { OwnedTasks } from '../../src/application/ports.ts'
import { print } from '../../src/application/printing.ts'
import type { ChangesPage, ChangesQuery } from '../../src/application/sync.ts'
import type { News } from '../../src/application/watching.ts'
import type { Change } from '../../src/domain/change.ts'
import { create, edit } from '../../src/domain/editing.ts'
import { instantAt } from '../../src/domain/instant.ts'
import type { Stored, TaskId } from '../../src/domain/task.ts'
import { discard, restore } from '../../src/domain/trash.ts'
import { at, BEGINNING, draftOf, idOf, principalOf } from '../builders.ts'
import { figure, type OpenStore, openedAround } from './opened-store.ts'
import { commitOf } from './writing.ts'

const MONTH = 31 * 24 * 3_600_000
const ALL: ChangesQuery = { after: 0, limit: 1000, bytes: 1_000_000, goneBy: 0 }

/** A change as the feed tells of it. */
interface Told {
  readonly seq: number
  readonly at: string
  readonly kind: string
  readonly taskId: TaskId
  readonly task: unknown
}

const toldBy = ({ changes }: ChangesPage): readonly Told[] => changes.map(({ json }) => JSON.parse(json))

/** One owner of a store, and beside it what the feed has to tell, kept in the plainest way. */
class Model {
  readonly #mine: OwnedTasks
  readonly #tasks = new Map<TaskId, Stored>()
  readonly #told = new Map<TaskId, Told>()
  readonly #purgedIn = new Map<TaskId, number>()
  seq = 0
  forgotten = 0
  #month = 0

  constructor(mine: OwnedTasks) {
    this.#mine = mine
  }

  async act(op: string, id: TaskId): Promise<void> {
    if (op === 'age') return this.#age()
    const change = this.#decide(op, id)
    if (change === undefined) return
    const decidedOn = this.#tasks.get(id)?.seq
    expect(await this.#mine.commit(commitOf(change, { decidedOn }))).to.deep.equal({ kind: 'committed', seq: ++this.seq })
    this.#tasks.set(id, { task: change.after, seq: this.seq })
    const task = change.after.deletedAt === null ? JSON.parse(print(change.after)) : null
    this.#told.set(id, { seq: this.seq, at: change.at, kind: change.kind, taskId: id, task })
  }

  #decide(op: string, id: TaskId): Change | undefined {
    const now = instantAt(BEGINNING + this.#month * MONTH + this.seq)
    const task = this.#tasks.get(id)?.task
    if (task === undefined) return op === 'write' && !this.#told.has(id) ? create(id, draftOf({ title: '"é"' }), now) : undefined
    if (task.deletedAt !== null) return op === 'restore' ? restore(task, now) : undefined
    return op === 'discard' ? discard(task, now) : edit(task, { title: `\u{1f600} ${this.seq}`, tags: ['a', 'b'] }, now)
  }

  /** A month goes by: what is in the trash is purged, and what was purged before is forgotten. */
  async #age(): Promise<void> {
    const now = instantAt(BEGINNING + ++this.#month * MONTH)
    while ((await this.#mine.forget(now, 2)) > 0);
    for (const [id, month] of this.#purgedIn) {
      if (month === this.#month) continue
      this.forgotten = Math.max(this.forgotten, this.#told.get(id)?.seq ?? 0)
      this.#told.delete(id)
      this.#purgedIn.delete(id)
    }
    for (const [id, { task }] of this.#tasks) {
      if (task.deletedAt === null) continue
      this.#tasks.delete(id)
      this.#purgedIn.set(id, this.#month)
    }
  }

  expected({ after, limit, goneBy = this.seq }: ChangesQuery): readonly Told[] {
    const due = [...this.#told.values()].filter(({ seq, task }) => seq > after && (task !== null || seq > goneBy))
    return due.sort((a, b) => a.seq - b.seq).slice(0, limit)
  }
}

/** What every store promises of the feed of changes. */
export function syncingContract(name: string, open: OpenStore): void {
  describe(`${name}: syncing`, function () {
    this.timeout(120_000)
    const opened = openedAround(open)
    let owners = 0

    const someone = (): OwnedTasks => opened.store.of(principalOf(`${name} syncing ${++owners}`).mayWrite())

    it('SYNC-01 an owner without a change has nothing to tell', async () => {
      expect(await someone().changes(ALL)).to.deep.equal({ changes: [], more: false, seq: 0, forgotten: 0 })
      expect(await someone().changes({ ...ALL, goneBy: undefined })).to.deep.equal({ changes: [], more: false, seq: 0, forgotten: 0 })
    })

    it('SYNC-01 SYNC-02 SYNC-05 SYNC-08 whatever was done, each task is told once, at its latest number, numbers rising, null where it is gone', async () => {
      const ops = fc.array(fc.tuple(fc.constantFrom('write', 'write', 'write', 'discard', 'restore', 'age'), fc.integer({ min: 1, max: 5 })), { maxLength: 25 })
      const asked = fc.record({
        after: fc.integer({ min: 0, max: 12 }),
        limit: fc.integer({ min: 1, max: 6 }),
        bytes: fc.constant(1_000_000),
        goneBy: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
      })
      await fc.assert(
        fc.asyncProperty(ops, fc.array(asked, { minLength: 1, maxLength: 6 }), async (steps, queries) => {
          const mine = someone()
          const model = new Model(mine)
          for (const [op, id] of steps) await model.act(op, idOf(id))
          for (const query of queries) {
            const page = await mine.changes(query)
            expect(toldBy(page)).to.deep.equal(model.expected(query))
            expect(page.changes.map(({ seq }) => seq)).to.deep.equal(model.expected(query).map(({ seq }) => seq))
            expect(page.more).to.equal(model.expected({ ...query, limit: 1000 }).length > query.limit)
            expect([page.seq, page.forgotten]).to.deep.equal([model.seq, model.forgotten])
          }
        }),
        { numRuns: figure(300) },
      )
    })

    it('LIVE-01 what a commit hands to those who watch is what the feed tells of it', async () => {
      const mine = someone()
      const model = new Model(mine)
      for (const op of ['write', 'write', 'discard', 'restore']) {
        let handed: News | undefined
        const unwatch = mine.watch((news) => {
          handed = news
        })
        await model.act(op, idOf(1))
        unwatch()
        expect(handed).to.deep.equal((await mine.changes({ ...ALL, after: model.seq - 1 })).changes[0])
      }
    })

    it('SYNC-03 a page ends where the bytes end, but tells one change at least', async () => {
      const mine = someone()
      for (let n = 1; n <= 5; n++) await mine.commit(commitOf(create(idOf(n), draftOf({ description: '"\u0001é'.repeat(n * 100) }), at(n))))
      const whole = await mine.changes(ALL)
      const sizes = whole.changes.map(({ json }) => Buffer.byteLength(json) + 1)
      for (let count = 1; count <= 5; count++) {
        const bytes = sizes.slice(0, count).reduce((sum, size) => sum + size, 0)
        const page = await mine.changes({ ...ALL, bytes })
        expect(page).to.deep.equal({ ...whole, changes: whole.changes.slice(0, count), more: count < 5 })
        expect((await mine.changes({ ...ALL, bytes: bytes - 1 })).changes).to.have.length(Math.max(1, count - 1))
      }
    })
  })
}

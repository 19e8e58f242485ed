import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type HistoryQuery, printEntry, revertTask } from '../../src/application/history.ts'
import type { Once, OwnedTasks } from '../../src/application/ports.ts'
import type { Change, ChangeKind } from '../../src/domain/change.ts'
import { create, edit } from '../../src/domain/editing.ts'
import { type Entry, revert, walkBack } from '../../src/domain/history.ts'
import type { Draft, Task } from '../../src/domain/task.ts'
import { discard, restore } from '../../src/domain/trash.ts'
import { at, draftOf, dueOf, idOf, onceOf, portsOver, principalOf, refusalOf } from '../builders.ts'
import { type OpenStore, openedAround } from './opened-store.ts'
import { commitOf } from './writing.ts'

const ID = idOf(1)
const ALL: HistoryQuery = { limit: 100, bytes: 1_000_000, before: undefined }

const EDITS: readonly Partial<Draft>[] = [
  { title: '"é" \\ \u007f 💡', description: 'a\r\n\u0001\t€' },
  { status: 'done', priority: 'urgent', tags: ['a b', 'é', '💡'] },
  { due: dueOf('2026-11-30T09:00+05:00[Asia/Karachi]') },
  { due: null, tags: [] },
  { status: 'todo', title: 'last' },
]

/** A task with one version after the other, and every state that it was in, the first at place 1. */
async function written(mine: OwnedTasks, actors: readonly string[] = ['someone'], edits = EDITS) {
  const states: Task[] = []
  const entries: Entry[] = []
  const commit = async (change: Change | undefined): Promise<void> => {
    const seq = entries.length + 1
    const actor = actors[entries.length % actors.length] ?? ''
    if (change === undefined) throw new Error('nothing changes')
    expect(await mine.commit(commitOf(change, { decidedOn: change.before === null ? undefined : seq - 1, actor }))).to.deep.equal({ kind: 'committed', seq })
    const { kind, at, fields, after } = change
    entries.unshift({ seq, at, kind, version: after.version, actor, fields })
    states[after.version] = after
  }
  await commit(create(ID, draftOf(), at(0)))
  for (const [n, some] of edits.entries()) await commit(edit(states.at(-1) ?? states[1] ?? failed(), some, at(n + 1)))
  return { states, entries, commit, now: () => states.at(-1) ?? failed() }
}

const failed = (): never => {
  throw new Error('there is no task')
}

/** Every page from the newest entry to the oldest. */
async function pages(mine: OwnedTasks, query: HistoryQuery): Promise<readonly (readonly string[])[]> {
  const found: string[][] = []
  let { before } = query
  do {
    const page = await mine.history(ID, { ...query, before })
    if (page === undefined) throw new Error('the task is not there')
    found.push(JSON.parse(page.items).map((item: unknown) => JSON.stringify(item)))
    before = page.next
  } while (before !== undefined)
  return found
}

const kinds = (entries: readonly { readonly kind: ChangeKind }[]): readonly string[] => entries.map(({ kind }) => kind)

/** What every store promises of a task's history, and of the way back. */
export function historyContract(name: string, open: OpenStore): void {
  describe(`${name}: history`, function () {
    this.timeout(120_000)
    const opened = openedAround(open)
    let owners = 0

    const subject = (): string => `${name} history ${++owners}`
    const someone = (): OwnedTasks => opened.store.of(principalOf(subject()).mayWrite())

    it('HIST-01 HIST-02 HIST-03 HIST-04 the entries of a task are told newest first, printed as the domain prints them, whoever the actor is', async () => {
      const mine = someone()
      const { entries } = await written(mine, ['ada', 'agent "7" \\', '𐐀'.repeat(255), 'ü\u2028'])
      await mine.commit(commitOf(create(idOf(2), draftOf(), at(9))))
      expect((await mine.history(ID, ALL))?.items).to.equal(`[${entries.map(printEntry).join(',')}]`)
      expect((await mine.history(ID, ALL))?.next).to.equal(undefined)
    })

    it('HIST-01 HIST-07 pages of any size put together are the whole, also where the task is changed meanwhile', async () => {
      const mine = someone()
      const { entries, commit, now } = await written(mine)
      const whole = entries.map(printEntry)
      for (const limit of [1, 2, 3, 6, 7]) {
        const found = await pages(mine, { ...ALL, limit })
        expect(found.flat()).to.deep.equal(whole)
        expect(found.slice(0, -1).every(({ length }) => length === limit)).to.equal(true)
      }
      const first = await mine.history(ID, { ...ALL, limit: 2 })
      await commit(edit(now(), { title: 'meanwhile' }, at(20)))
      expect((await pages(mine, { ...ALL, before: first?.next })).flat()).to.deep.equal(whole.slice(2))
    })

    it('HIST-06 a page ends where its bytes are used up, but has one entry', async () => {
      const mine = someone()
      const { entries } = await written(mine)
      const whole = entries.map(printEntry)
      const sizes = whole.map((item) => Buffer.byteLength(item) + 1)
      const exactly = sizes.slice(0, 3).reduce((sum, size) => sum + size, 0)
      expect((await pages(mine, { ...ALL, bytes: 1 })).map(({ length }) => length)).to.deep.equal(whole.map(() => 1))
      expect((await pages(mine, { ...ALL, bytes: exactly }))[0]).to.have.length(3)
      expect((await pages(mine, { ...ALL, bytes: exactly - 1 }))[0]).to.have.length(2)
      expect((await pages(mine, { ...ALL, bytes: exactly, limit: 2 }))[0]).to.have.length(2)
      expect((await pages(mine, { ...ALL, bytes: 700 })).flat()).to.deep.equal(whole)
    })

    it('HIST-05 a task in the trash has its history, one that is not there, purged or emptied out has none, and no owner has another’s', async () => {
      const [mine, theirs] = [someone(), someone()]
      const { commit, now } = await written(mine)
      expect(await theirs.history(ID, ALL)).to.equal(undefined)
      expect(await mine.history(idOf(2), ALL)).to.equal(undefined)
      await commit(discard(now(), at(30)))
      expect(kinds(JSON.parse((await mine.history(ID, ALL))?.items ?? '')).slice(0, 2)).to.deep.equal(['deleted', 'edited'])
      await commit(restore(now(), at(31)))
      await commit(discard(now(), at(32)))
      expect(JSON.parse((await mine.history(ID, { ...ALL, limit: 1 }))?.items ?? '')[0].fields).to.deep.equal({})
      await mine.empty({ now: at(33), keep: undefined })
      expect(await mine.history(ID, ALL)).to.equal(undefined)
      while ((await mine.forget(at(34), 100)) > 0);
      expect(await mine.history(ID, ALL)).to.equal(undefined)
    })

    it('HIST-08 REV-01 REV-03 the way back from any version to any earlier one is that of the domain, and leads to how the task was', async () => {
      const mine = someone()
      const { states, entries, commit, now } = await written(mine, undefined, [])
      const look = (version: number, key?: Once) => mine.loadWayBack(ID, version, key, at(50))
      for (const [n, some] of [...EDITS, {}].entries()) {
        const present = now()
        for (let version = 1; version <= present.version; version++) {
          const { stored, kept, way } = await look(version)
          expect([stored, kept]).to.deep.equal([{ task: present, seq: present.version }, undefined])
          expect(way, `${present.version} to ${version}`).to.deep.equal(walkBack(entries.filter((entry) => entry.version > version)))
          const to = states[version] ?? failed()
          expect(stateIn({ ...present, ...way.was }), `${present.version} to ${version}`).to.deep.equal(stateIn(to))
          const reverted = revert(present, version, way, at(99))
          expect(draftIn(reverted?.after ?? present)).to.deep.equal(draftIn(to))
          expect(reverted === undefined).to.equal(present.version === version)
        }
        if (n < EDITS.length) await commit(edit(present, some, at(n + 1)))
      }
      const none = { steps: 0, was: {} }
      expect((await look(9)).way).to.deep.equal(none)
      expect(await someone().loadWayBack(ID, 1, undefined, at(50))).to.deep.equal({ stored: undefined, kept: undefined, way: none })
      const keep = { once: onceOf('k'), outcome: { kind: 'changed', id: ID, json: null } } as const
      await mine.commit({ ...commitOf(undefined, { decidedOn: 6, keep }), now: at(49) })
      expect((await look(1, onceOf('k'))).kept).to.deep.equal({ fingerprint: 'f', outcome: { ...keep.outcome, seq: 6 } })
      await commit(discard(now(), at(60)))
      expect(await look(1)).to.deep.equal({ stored: undefined, kept: undefined, way: none })
    })

    it('REV-02 1,000 versions back is the farthest', async () => {
      const owner = principalOf(subject())
      const mine = opened.store.of(owner.mayWrite())
      const ports = portsOver(opened.store)
      let task = create(ID, draftOf({ title: '0001' }), at(0)).after
      await mine.commit(commitOf(create(ID, draftOf({ title: '0001' }), at(0))))
      for (let version = 2; version <= 1005; version++) {
        const change = edit(task, { title: String(version).padStart(4, '0') }, at(version))
        expect((await mine.commit(commitOf(change, { decidedOn: version - 1 }))).kind).to.equal('committed')
        task = change?.after ?? task
      }
      const back = (version: number) => revertTask(ports)(owner, ID, version)
      expect((await mine.loadWayBack(ID, 5, undefined, at(2000))).way.steps).to.equal(1000)
      expect(await refusalOf(() => back(4))).to.equal('no-such-version')
      expect(await refusalOf(() => back(1006))).to.equal('no-such-version')
      expect(JSON.parse((await back(5)).json ?? '')).to.include({ title: '0005', version: 1006 })
      expect(await refusalOf(() => back(5))).to.equal('no-such-version')
      expect(JSON.parse((await back(1005)).json ?? '')).to.include({ title: '1005', version: 1007 })
    })
  })
}

const draftIn = ({ title, description, status, priority, due, tags }: Task): Draft => ({ title, description, status, priority, due, tags })
const stateIn = (task: Task) => ({ ...draftIn(task), completedAt: task.completedAt })

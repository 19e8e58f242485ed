import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { browseTasks, readTask } from '../../src/application/browsing.ts'
import { completeTask, reopenTask } from '../../src/application/completion.ts'
import { createTask } from '../../src/application/creation.ts'
import { patchTask, replaceTask } from '../../src/application/editing.ts'
import type { Commit, TaskStore } from '../../src/application/ports.ts'
import { discardTask } from '../../src/application/trash.ts'
import { refuse } from '../../src/domain/refusal.ts'
import { draftOf, idOf, onceOf, portsOver, principalOf, queryOf, refusalOf } from '../builders.ts'

const alice = principalOf('alice')
const bob = principalOf('bob')
const anew =
  (title = 'Buy milk', id?: ReturnType<typeof idOf>) =>
  () => ({ id, draft: draftOf({ title }) })

/** A store that lets others go first: `first` runs before the commit that it stands in the way of, once. */
function interrupted(first: (commit: Commit) => Promise<unknown>, store: TaskStore = createMemoryStore()): { store: TaskStore; commits: Commit[] } {
  const commits: Commit[] = []
  return {
    commits,
    store: {
      of(owner) {
        const mine = store.of(owner)
        return {
          ...mine,
          async commit(commit) {
            if (commits.push(commit) === 1) await first(commit)
            return mine.commit(commit)
          },
        }
      },
    },
  }
}

describe('changing', () => {
  it('creates, reads and browses what is one owner’s', async () => {
    const ports = portsOver()
    const { id, seq } = await createTask(ports)(alice, anew())
    expect(JSON.parse((await readTask(ports)(alice, id)).json)).to.deep.include({ id, title: 'Buy milk', version: 1 })
    expect(seq).to.equal(1)
    expect(JSON.parse((await browseTasks(ports)(alice, queryOf())).items)).to.have.length(1)
    expect(JSON.parse((await browseTasks(ports)(bob, queryOf())).items)).to.deep.equal([])
  })

  const WRITES = { patchTask, replaceTask }
  for (const [name, write] of Object.entries(WRITES)) {
    it(`${name} finds nothing of another owner, nor of what is missing or in the trash`, async () => {
      const ports = portsOver()
      const { id } = await createTask(ports)(alice, anew())
      const asked = () => draftOf({ title: 'x' })
      expect(await refusalOf(() => write(ports)(bob, id, asked))).to.equal('not-found')
      expect(await refusalOf(() => write(ports)(alice, idOf(99), asked))).to.equal('not-found')
      await discardTask(ports)(alice, id)
      expect(await refusalOf(() => write(ports)(alice, id, asked))).to.equal('not-found')
      expect(await refusalOf(() => readTask(ports)(alice, id))).to.equal('not-found')
      expect(await refusalOf(() => discardTask(ports)(alice, id))).to.equal('not-found')
    })
  }

  it('refuses each use case without its scope, before anything is looked at', async () => {
    const ports = portsOver()
    const { id } = await createTask(ports)(alice, anew())
    const reader = principalOf('alice', 'tasks:read')
    const writer = principalOf('alice', 'tasks:write')
    const refused = [
      () => createTask(ports)(reader, anew()),
      () => patchTask(ports)(reader, id, () => ({})),
      () => replaceTask(ports)(reader, idOf(99), () => draftOf()),
      () => completeTask(ports)(reader, id),
      () => reopenTask(ports)(reader, id),
      () => discardTask(ports)(reader, id),
      () => readTask(ports)(writer, id),
      () => browseTasks(ports)(writer, queryOf()),
    ]
    for (const use of refused) expect(await refusalOf(use)).to.equal('insufficient-permission')
    expect(await refusalOf(() => readTask(ports)(reader, id))).to.equal('none')
    expect(await refusalOf(() => completeTask(ports)(writer, id))).to.equal('none')
    for (const scope of ['', 'tasks:readwrite', 'tasks:READ', 1, null, ['tasks:read']]) {
      expect(await refusalOf(() => readTask(ports)(principalOf('alice', scope), id)), String(scope)).to.equal('insufficient-permission')
    }
  })

  it('gives a new version and number to a change, and neither to a write that changes nothing', async () => {
    const ports = portsOver()
    const { id } = await createTask(ports)(alice, anew())
    const done = await completeTask(ports)(alice, id)
    expect(done.seq).to.equal(2)
    expect(await completeTask(ports)(alice, id)).to.deep.equal(done)
    expect((await patchTask(ports)(alice, id, () => ({}))).seq).to.equal(2)
    expect((await reopenTask(ports)(alice, id)).seq).to.equal(3)
    expect(JSON.parse((await readTask(ports)(alice, id)).json)).to.deep.include({ version: 3, status: 'todo' })
  })

  it('refuses what is not as expected, with the task as it is now, before the edit is asked for', async () => {
    const ports = portsOver()
    const { id } = await createTask(ports)(alice, anew())
    const asked = () => refuse({ kind: 'already-exists' })
    expect(await refusalOf(() => patchTask(ports)(alice, id, asked, { expected: ({ seq }) => seq === 7 }))).to.equal('stale')
    expect(await refusalOf(() => patchTask(ports)(alice, id, asked, { expected: ({ seq }) => seq === 1 }))).to.equal('already-exists')
    expect(await refusalOf(() => completeTask(ports)(alice, id, { expected: () => false }))).to.equal('stale')
  })

  it('decides again on what is there now when it was overtaken', async () => {
    const ports = portsOver()
    const { id } = await createTask(ports)(alice, anew())
    const { store, commits } = interrupted(() => patchTask(ports)(alice, id, () => ({ description: 'theirs' })), ports.tasks)
    const outcome = await patchTask({ ...ports, tasks: store })(alice, id, () => ({ title: 'mine' }))
    expect(JSON.parse(outcome.json ?? '')).to.deep.include({ title: 'mine', description: 'theirs', version: 3 })
    expect(commits).to.have.length(2)
  })

  it('refuses as stale what was overtaken when it expected a state', async () => {
    const ports = portsOver()
    const { id } = await createTask(ports)(alice, anew())
    const { store } = interrupted(() => completeTask(ports)(alice, id), ports.tasks)
    const terms = { expected: ({ seq }: { seq: number }) => seq === 1 }
    expect(await refusalOf(() => patchTask({ ...ports, tasks: store })(alice, id, () => ({ title: 'mine' }), terms))).to.equal('stale')
  })

  it('refuses a second task of one id, in the trash too, and leaves other owners theirs', async () => {
    const ports = portsOver()
    await createTask(ports)(alice, anew('a', idOf(5)))
    expect(await refusalOf(() => createTask(ports)(alice, anew('b', idOf(5))))).to.equal('already-exists')
    await discardTask(ports)(alice, idOf(5))
    expect(await refusalOf(() => createTask(ports)(alice, anew('b', idOf(5))))).to.equal('already-exists')
    expect(await refusalOf(() => createTask(ports)(bob, anew('b', idOf(5))))).to.equal('none')
  })

  it('holds each owner to the quotas, deletion aside', async () => {
    const ports = portsOver(createMemoryStore(), { tasks: 2, bytes: 1600 })
    const { id } = await createTask(ports)(alice, anew())
    await createTask(ports)(alice, anew())
    expect(await refusalOf(() => createTask(ports)(alice, anew()))).to.equal('task-quota-exceeded')
    expect(await refusalOf(() => patchTask(ports)(alice, id, () => ({ description: 'x'.repeat(2000) })))).to.equal('storage-quota-exceeded')
    await patchTask(ports)(alice, id, () => ({ title: 'fits' }))
    expect(await refusalOf(() => completeTask(ports)(alice, id))).to.equal('storage-quota-exceeded')
    expect(await refusalOf(() => discardTask(ports)(alice, id))).to.equal('none')
    expect(await refusalOf(() => createTask(ports)(bob, anew()))).to.equal('none')
  })
})

describe('once', () => {
  it('answers a repeated write with the first answer, whatever happened since', async () => {
    const ports = portsOver()
    const first = await createTask(ports)(alice, anew('a'), onceOf('k'))
    await patchTask(ports)(alice, first.id, () => ({ title: 'b' }))
    expect(await createTask(ports)(alice, anew('a'), onceOf('k'))).to.deep.equal(first)
    const terms = { once: onceOf('d', 'f', 'DELETE'), expected: ({ seq }: { seq: number }) => seq === 2 }
    const gone = await discardTask(ports)(alice, first.id, terms)
    expect(await discardTask(ports)(alice, first.id, terms)).to.deep.equal(gone)
  })

  it('tells another body under the key, and no other owner or place', async () => {
    const ports = portsOver()
    await createTask(ports)(alice, anew(), onceOf('k', 'one'))
    expect(await refusalOf(() => createTask(ports)(alice, anew(), onceOf('k', 'two')))).to.equal('idempotency-key-reused')
    expect((await createTask(ports)(bob, anew(), onceOf('k', 'two'))).seq).to.equal(1)
    expect((await createTask(ports)(alice, anew(), onceOf('k', 'two', 'POST /elsewhere'))).seq).to.equal(2)
  })

  it('keeps the answer of a write that changed nothing', async () => {
    const ports = portsOver()
    const { id } = await createTask(ports)(alice, anew())
    const first = await reopenTask(ports)(alice, id, { once: onceOf('k') })
    await patchTask(ports)(alice, id, () => ({ title: 'b' }))
    expect(await reopenTask(ports)(alice, id, { once: onceOf('k') })).to.deep.equal(first)
    expect(first.seq).to.equal(1)
  })

  it('leaves the key free when the write was refused', async () => {
    const ports = portsOver()
    const { id } = await createTask(ports)(alice, anew())
    expect(await refusalOf(() => completeTask(ports)(alice, id, { once: onceOf('k'), expected: () => false }))).to.equal('stale')
    expect((await completeTask(ports)(alice, id, { once: onceOf('k') })).seq).to.equal(2)
  })

  it('refuses a second write of one key while the first is under way', async () => {
    const ports = portsOver()
    const both = await Promise.all([1, 2].map(() => refusalOf(() => createTask(ports)(alice, anew(), onceOf('k')))))
    expect(both).to.deep.equal(['none', 'idempotency-key-in-progress'])
    expect(ports.underWay.size).to.equal(0)
  })

  it('answers what another process kept under the key meanwhile', async () => {
    const store = createMemoryStore()
    const theirs = portsOver(store)
    const { store: mine } = interrupted(() => createTask(theirs)(alice, anew('same', idOf(8)), onceOf('k')), store)
    const outcome = await createTask({ ...portsOver(mine) })(alice, anew('same', idOf(8)), onceOf('k'))
    expect(outcome).to.deep.include({ id: idOf(8), seq: 1 })
    expect(JSON.parse((await browseTasks(theirs)(alice, queryOf())).items)).to.have.length(1)
  })
})

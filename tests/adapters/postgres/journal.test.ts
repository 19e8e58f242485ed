import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { completeTask, reopenTask } from '../../../src/application/completion.ts'
import { createTask } from '../../../src/application/creation.ts'
import { patchTask } from '../../../src/application/editing.ts'
import { Principal } from '../../../src/application/principal.ts'
import { discardTask } from '../../../src/application/trash.ts'
import { type Fields, JOURNAL_FIELDS } from '../../../src/domain/change.ts'
import { create, edit } from '../../../src/domain/editing.ts'
import { at, draftOf, dueOf, idOf, portsOver, principalOf } from '../../builders.ts'
import { commitOf } from '../../contracts/writing.ts'
import { databasesUnderTest, type TestDatabase } from '../../databases.ts'

const ENTRIES = `select seq::int, task_id::text, version, kind, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, actor, fields from changes order by seq`

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: the journal`, function () {
    this.timeout(60_000)
    let database: TestDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    /** The entries of one owner, oldest first. */
    async function entriesOf(subject: string): Promise<readonly Record<string, unknown>[]> {
      await database.ask(`select set_config('app.owner_id', $1, false)`, [subject])
      return database.ask(ENTRIES)
    }

    it('STORE-04 has one entry for each change, of the owner’s numbers, with its kind, moment and actor', async () => {
      const ports = portsOver(database.tasks)
      const ada = principalOf(`${name} ada`)
      const agent = new Principal({ subject: `${name} ada`, scope: undefined, actor: 'an agent', expiresAt: 0 })
      const { id } = await createTask(ports)(ada, () => ({ id: undefined, draft: draftOf() }))
      await patchTask(ports)(agent, id, () => ({ priority: 'high' }))
      await patchTask(ports)(agent, id, () => ({ priority: 'high' }))
      await completeTask(ports)(ada, id)
      await reopenTask(ports)(agent, id)
      await discardTask(ports)(ada, id)
      const entries = await entriesOf(`${name} ada`)
      expect(entries.map(({ seq, task_id, version, kind, actor }) => [seq, task_id, version, kind, actor])).to.deep.equal([
        [1, id, 1, 'created', `${name} ada`],
        [2, id, 2, 'edited', 'an agent'],
        [3, id, 3, 'completed', `${name} ada`],
        [4, id, 4, 'reopened', 'an agent'],
        [5, id, 5, 'deleted', `${name} ada`],
      ])
      const moments = entries.map((entry) => String(entry['at']))
      expect(moments).to.deep.equal([...moments].sort())
      expect(moments[0]).to.match(/^2026-11-24T09:00:00\.\d{3}Z$/)
    })

    it('STORE-05 says of each field what it was and what it became, so that walking back gives every earlier state', async () => {
      const ports = portsOver(database.tasks)
      const bob = principalOf(`${name} bob`)
      const { id } = await createTask(ports)(bob, () => ({ id: undefined, draft: draftOf({ tags: ['a'] }) }))
      const states: Record<string, unknown>[] = []
      const look = async () => {
        const { stored } = await database.tasks.of(bob.mayRead()).load(id, undefined, at(0))
        states.push(Object.fromEntries(JOURNAL_FIELDS.map((field) => [field, stored?.task[field]])))
      }
      await look()
      for (const some of [
        { title: 'x' },
        { tags: ['b', 'c'], due: dueOf('2026-11-30') },
        { status: 'done' as const },
        { due: null, description: '"\\\n💡' },
        { status: 'cancelled' as const },
      ]) {
        await patchTask(ports)(bob, id, () => some)
        await look()
      }
      const entries = await entriesOf(`${name} bob`)
      expect(entries[0]?.['fields']).to.deep.equal({})
      let state = states.at(-1)
      for (const [back, entry] of entries.slice(1).reverse().entries()) {
        const fields: Fields = JSON.parse(JSON.stringify(entry['fields']))
        for (const [field, change] of Object.entries(fields)) expect(state?.[field]).to.deep.equal(change.to)
        state = { ...state, ...Object.fromEntries(Object.entries(fields).map(([field, { from }]) => [field, from])) }
        expect(state).to.deep.equal(states.at(-2 - back))
      }
    })

    it('STORE-06 keeps the newest 1,000 entries of a task, and every one of another', async () => {
      const mine = database.tasks.of(principalOf(`${name} cyd`).mayWrite())
      let task = create(idOf(1), draftOf(), at(0)).after
      await mine.commit(commitOf(create(idOf(1), draftOf(), at(0))))
      await mine.commit(commitOf(create(idOf(2), draftOf(), at(0))))
      for (let turn = 1; turn <= 1002; turn++) {
        const change = edit(task, { title: `turn ${turn}` }, at(turn))
        await mine.commit(commitOf(change, { decidedOn: turn === 1 ? 1 : turn + 1 }))
        task = change?.after ?? task
      }
      const entries = await entriesOf(`${name} cyd`)
      const versions = entries.filter((entry) => entry['task_id'] === idOf(1)).map(({ version }) => version)
      expect(versions).to.deep.equal(Array.from({ length: 1000 }, (_, n) => n + 4))
      expect(entries.filter((entry) => entry['task_id'] === idOf(2))).to.have.length(1)
    })
  })
}

import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { OwnedTasks, Verdict } from '../../../src/application/ports.ts'
import { create, edit } from '../../../src/domain/editing.ts'
import { discard } from '../../../src/domain/trash.ts'
import { at, draftOf, idOf, principalOf } from '../../builders.ts'
import { commitOf } from '../../contracts/writing.ts'
import { serverDatabase, type TestDatabase } from '../../databases.ts'

describe('a write that waits for others of its owner', function () {
  this.timeout(60_000)
  let database: TestDatabase
  let mine: OwnedTasks
  const task = create(idOf(1), draftOf(), at(0))

  beforeEach(async () => {
    database = await serverDatabase()
    mine = database.tasks.of(principalOf('ada').mayWrite())
    await mine.commit(commitOf(task))
  })
  afterEach(() => database.close())

  /** Another writes while the owner's row is held, behind which the first one waits with what it saw before. */
  async function overtakenBy(work: () => Promise<Verdict>, statements: readonly string[]): Promise<Verdict> {
    await database.ask('begin')
    await database.ask(`select set_config('app.owner_id', 'ada', true)`)
    await database.ask('select from owners for no key update')
    const waiting = work()
    while ((await database.ask(`select from pg_locks where not granted and transactionid = pg_current_xact_id()::xid`)).length === 0);
    for (const statement of statements) await database.ask(statement)
    await database.ask('commit')
    return waiting
  }

  async function held(): Promise<unknown> {
    await database.ask(`select set_config('app.owner_id', 'ada', false)`)
    return database.ask('select o.seq::int, o.tasks, (select count(*)::int from changes) as entries, (select max(version) from tasks) as version from owners o')
  }

  it('STORE-02 does not make again what was made, deleted and purged meanwhile', async () => {
    const verdict = await overtakenBy(
      () => mine.commit(commitOf(create(idOf(2), draftOf(), at(1)))),
      [
        `insert into tombstones (owner_id, id, seq, deleted_at, expires_at) values ('ada', '${idOf(2)}', 3, now(), now() + interval '30 days')`,
        'update owners set seq = 3, purges = purges + 1',
      ],
    )
    expect(verdict).to.deep.equal({ kind: 'already-exists' })
    expect(await held()).to.deep.equal([{ seq: 3, tasks: 1, entries: 1, version: 1 }])
  })

  it('STORE-02 does not change what was changed so often that the entry it would make has been and gone', async () => {
    const verdict = await overtakenBy(
      () => mine.commit(commitOf(edit(task.after, { title: 'late' }, at(1)), { decidedOn: 1 })),
      ['update tasks set seq = 1002, version = 1002', 'update owners set seq = 1002'],
    )
    expect(verdict).to.deep.equal({ kind: 'overtaken' })
    expect(await held()).to.deep.equal([{ seq: 1002, tasks: 1, entries: 1, version: 1002 }])
  })

  for (const purged of ['purge', 'forget'] as const)
    it(`STORE-07 counts what it purges: ${purged}`, async () => {
      await mine.commit(commitOf(discard(task.after, at(1)), { decidedOn: 1 }))
      if (purged === 'purge') await mine.purge({ id: idOf(1), decidedOn: 2, now: at(2), keep: undefined })
      else await mine.forget(at(31 * 86_400_000), 10)
      await database.ask(`select set_config('app.owner_id', 'ada', false)`)
      expect(await database.ask('select tasks, purges::int from owners')).to.deep.equal([{ tasks: 0, purges: 1 }])
    })
})

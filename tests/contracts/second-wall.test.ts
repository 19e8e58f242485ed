import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { print } from '../../src/application/printing.ts'
import { create } from '../../src/domain/editing.ts'
import { instantAt } from '../../src/domain/instant.ts'
import { discard } from '../../src/domain/trash.ts'
import { at, BEGINNING, draftOf, idOf, onceOf, principalOf } from '../builders.ts'
import { databasesUnderTest, TABLES, type TestDatabase } from '../databases.ts'
import { commitOf } from './writing.ts'

const OWNERS = ['ada', 'bob'] as const

/** Something of each owner in every table: a task with a tag and a kept answer, a batch's answer, one in the trash, a tombstone. */
async function fill({ tasks }: TestDatabase): Promise<void> {
  for (const owner of OWNERS) {
    const mine = tasks.of(principalOf(owner).mayWrite())
    const purged = create(idOf(1), draftOf(), at(0)).after
    await mine.commit(commitOf(create(idOf(1), draftOf(), at(0))))
    await mine.commit(commitOf(discard(purged, at(0)), { decidedOn: 1 }))
    await mine.forget(instantAt(BEGINNING + 30 * 24 * 3_600_000), 10)
    const change = create(idOf(2), draftOf({ tags: ['home'] }), at(0))
    const made = create(idOf(3), draftOf(), at(0))
    const kept = { outcome: { results: [{ kind: 'created', json: print(made.after) }] }, shows: [idOf(3)] } as const
    const how = { actor: owner, now: at(0), quota: { tasks: 10, bytes: 1e6 }, unchanged: [] }
    await mine.commitAll({ ...how, changes: [{ change: made, decidedOn: undefined }], once: onceOf('batch'), keep: kept }, false)
    await mine.commit(commitOf(change, { keep: { once: onceOf('k'), outcome: { kind: 'created', id: idOf(2), json: print(change.after) } } }))
  }
}

const VERBS = {
  select: (table: string) => `select owner_id from ${table}`,
  update: (table: string) => `with touched as (update ${table} set owner_id = owner_id returning owner_id) select owner_id from touched`,
  delete: (table: string) => `with gone as (delete from ${table} returning owner_id) select owner_id from gone`,
} as const

/**
 * What a statement without any `where` reaches, with `owner` set or none: one complaint for each verb and table that reaches somebody
 * else's row, or not the owner's own.
 */
async function breaches({ ask }: TestDatabase, owner: string | undefined): Promise<readonly string[]> {
  const complaints: string[] = []
  for (const table of TABLES) {
    for (const verb of ['select', 'update', 'delete'] as const) {
      await ask('begin')
      if (owner !== undefined) await ask(`select set_config('app.owner_id', $1, true)`, [owner])
      const owners = (await ask(VERBS[verb](table))).map((row) => row['owner_id'])
      await ask('rollback')
      if (owners.some((one) => one !== owner)) complaints.push(`${verb} ${table}: others`)
      if (owner !== undefined && !owners.includes(owner)) complaints.push(`${verb} ${table}: not its own`)
    }
  }
  return complaints
}

/** The one table that the server reads for all owners (STORE-10). */
const READ_FOR_ALL = ['select due_work: others']

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: the second wall`, function () {
    this.timeout(60_000)
    let database: TestDatabase
    before(async () => {
      database = await open()
      await fill(database)
    })
    after(() => database.close())

    it('OWN-05 STORE-10 the application’s role reaches no row of others without a where, in every table but due_work', async () => {
      for (const owner of OWNERS) expect(await breaches(database, owner)).to.deep.equal(READ_FOR_ALL)
    })

    it('OWN-05 without an owner it reaches no row at all', async () => {
      expect(await breaches(database, undefined)).to.deep.equal(READ_FOR_ALL)
    })

    it('OWN-05 an owner cannot write a row of another', async () => {
      const { ask } = database
      const refusals: unknown[] = []
      for (const sql of [`insert into owners (owner_id) values ('eve')`, `update owners set owner_id = 'eve'`, `insert into due_work values ('eve', now())`]) {
        await ask('begin')
        await ask(`select set_config('app.owner_id', 'ada', true)`)
        refusals.push(await ask(sql).then(String, ({ code }) => code))
        await ask('rollback')
      }
      expect(refusals).to.deep.equal(['42501', '42501', '42501'])
    })

    it('OWN-05 it is the policies that keep the rows: without them this test sees it', async () => {
      const { ask } = database
      const own = `owner_id = current_setting('app.owner_id', true)`
      for (const table of TABLES) {
        await ask(`alter policy own_rows on ${table} using (true) with check (true)`)
        expect(await breaches(database, 'ada'), table).to.include.members([`update ${table}: others`, `delete ${table}: others`])
        await ask(`drop policy own_rows on ${table}`)
        expect(await breaches(database, 'ada'), table).to.include(`update ${table}: not its own`)
        await ask(`create policy own_rows on ${table} using (${own}) with check (${own})`)
        await ask(`alter table ${table} no force row level security`)
        expect(await breaches(database, 'ada'), table).to.include.members([`update ${table}: others`, `delete ${table}: others`])
        await ask(`alter table ${table} force row level security`)
      }
      expect(await breaches(database, 'ada')).to.deep.equal(READ_FOR_ALL)
    })
  })
}

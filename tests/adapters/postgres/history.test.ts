import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { HISTORY, LOAD_WAY_BACK } from '../../../src/adapters/postgres/history.ts'
import { SUMMARY } from '../../../src/adapters/postgres/summary.ts'
import { idOf } from '../../builders.ts'
import { databasesUnderTest, type TestDatabase } from '../../databases.ts'

/** Two owners with a task of 1,000 versions each, and 3,000 others. */
const TASKS = `insert into tasks (owner_id, id, seq, version, printed, title_key, search_text, status, priority, created_at, updated_at, weight)
select $1, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n, 1, '{}', 't', 't', 'todo', 0, now(), now(), 256 from generate_series(1, $2::int) n`
const ENTRIES = `insert into changes (owner_id, seq, task_id, version, kind, at, actor, fields, weight)
select $1, n, ('00000000-0000-7000-8000-' || lpad(to_hex(case when n % 4 = 0 then 1 else n end), 12, '0'))::uuid, n, 'edited', now(), $1,
'{"title":{"from":"a","to":"b"}}', 300 from generate_series(1, 4000) n where n % 4 = 0 or n <= 3000`

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: plans of the history`, function () {
    this.timeout(60_000)
    let database: TestDatabase
    before(async () => {
      database = await open()
      for (const owner of ['ada', 'bob']) {
        await database.ask(`select set_config('app.owner_id', $1, false)`, [owner])
        await database.ask(TASKS, [owner, 3000])
        await database.ask(ENTRIES, [owner])
      }
      await database.ask(`select set_config('app.owner_id', 'cat', false)`)
      await database.ask(TASKS, ['cat', 10])
      await database.ask('analyze')
    })
    after(() => database.close())

    const planOf = async (text: string, values: unknown[]): Promise<string> =>
      (await database.ask(`explain (costs off) ${text}`, values)).map((row) => String(row['QUERY PLAN'])).join('\n')
    /** The values in the order in which the statement names them. */
    const valuesFor = (text: string, by: Readonly<Record<string, unknown>>, order: readonly string[]): unknown[] => {
      expect(Math.max(...[...text.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)))).to.equal(order.length)
      return order.map((one) => by[one])
    }

    it('a page is a walk back along the task’s versions', async () => {
      const plan = await planOf(
        HISTORY.text,
        valuesFor(HISTORY.text, { owner: 'ada', id: idOf(1), before: 2 ** 31 - 1, limit: 20, bytes: 999_000 }, ['owner', 'limit', 'bytes', 'id', 'before']),
      )
      expect(plan).to.match(/Index Scan Backward using changes_pkey on changes/)
      expect(plan)
        .to.match(/Index Cond: .*owner_id = .*task_id = .*version < /)
        .and.not.match(/Seq Scan on (?:changes|tasks)/)
    })

    it('the way back looks at the entries on it alone', async () => {
      const plan = await planOf(
        LOAD_WAY_BACK.text,
        valuesFor(LOAD_WAY_BACK.text, { owner: 'ada', id: idOf(1), version: 3900, scope: null, key: null, now: '2026-11-24T09:00:00Z' }, [
          'owner',
          'version',
          'id',
          'scope',
          'key',
          'now',
        ]),
      )
      expect(plan.match(/Index (?:Only )?Scan .*using changes_pkey on changes|Bitmap Index Scan on changes_pkey/g)).to.have.length(2)
      expect(plan)
        .to.match(/Index Cond: .*owner_id = .*task_id = .*version > .*version <= /)
        .and.not.match(/Seq Scan on changes/)
    })

    it('a summary looks at its owner’s tasks alone', async () => {
      const texts = [...SUMMARY.text.matchAll(/\$(\d+)::text/g)].map(([, n]) => Number(n))
      const values = Array.from({ length: 9 }, (_, n) => (n === 0 ? 'cat' : texts.includes(n + 1) ? '2026-11-24' : 0))
      const plan = await planOf(SUMMARY.text, values)
      expect(plan.match(/Index (?:Only )?Scan/g))
        .to.have.property('length')
        .greaterThan(1)
      expect(plan).to.not.match(/Seq Scan on tasks/)
    })
  })
}

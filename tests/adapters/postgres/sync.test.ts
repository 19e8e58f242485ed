import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { LATEST } from '../../../src/adapters/postgres/owner-scope.ts'
import { CHANGES } from '../../../src/adapters/postgres/sync.ts'
import { databasesUnderTest, type TestDatabase } from '../../databases.ts'

/** Two owners with enough tasks and tombstones that walking an index pays. */
const FILL = [
  `insert into owners (owner_id, seq, forgotten) values ($1, 12000, 0)`,
  `insert into tasks (owner_id, id, seq, version, printed, title_key, search_text, status, priority, created_at, updated_at, deleted_at, weight)
select $1, gen_random_uuid(), n, 1, '{}', 't' || n, 't' || n, 'todo', 0, to_timestamp(n), to_timestamp(n), case when n % 10 = 0 then to_timestamp(n) end, 256
from generate_series(1, 6000) n`,
  `insert into changes select $1, seq, id, 1, 'created', updated_at, 'x', '{}', 256 from tasks`,
  `insert into tombstones select $1, gen_random_uuid(), n, to_timestamp(n), to_timestamp(n) from generate_series(6001, 12000) n`,
]

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: the feed of changes`, function () {
    this.timeout(60_000)
    let database: TestDatabase
    before(async () => {
      database = await open()
      const { ask } = database
      for (const owner of ['ada', 'bob']) {
        await ask(`select set_config('app.owner_id', $1, false)`, [owner])
        for (const fill of FILL) await ask(fill, [owner])
      }
      await ask('analyze')
    })
    after(() => database.close())

    async function planOf(after: number, goneBy: number | null): Promise<string> {
      const rows = await database.ask(`explain (analyze, costs off, timing off, summary off) ${CHANGES.text}`, ['ada', goneBy, after, 100, 1_000_000])
      return rows.map((row) => String(row['QUERY PLAN'])).join('\n')
    }

    it('SYNC-10 is a walk along the owner’s numbers, which looks at no more than it tells', async () => {
      for (const [from, goneBy] of [
        [0, null],
        [3000, 0],
        [8000, 0],
        [12000, 0],
      ] as const) {
        const plan = await planOf(from, goneBy)
        expect(plan).to.match(/Index Scan using tasks_seq on tasks/)
        // From the beginning on, every number is one that is looked for.
        expect(plan).to.match(from === 0 ? /Index Cond: .*owner_id = / : /Index Cond: .*owner_id = .*seq > /)
        expect(plan).to.match(/using tombstones_seq on tombstones/)
        expect(plan).to.not.match(/Seq Scan on (?:task|tomb|change)/)
        const counts = [...plan.matchAll(/rows=(\d+)(?:\.\d+)? loops=(\d+)/g)].map(([, rows, loops]) => Number(rows) * Number(loops))
        expect(Math.max(...counts), plan).to.be.lessThan(300)
      }
    })

    it('LIVE-09 the look asks for each owner’s number as that owner, and for no other', async () => {
      const { ask } = database
      const look = async (owners: readonly string[]) => {
        await ask(`select set_config('app.owner_id', '', false)`)
        return (await ask(LATEST.text, [owners])).map(({ owner, seq }) => [owner, seq])
      }
      expect(await look(['bob', 'nobody', 'ada', `o'brien`])).to.deep.equal([
        ['bob', '12000'],
        ['ada', '12000'],
      ])
      expect(await look([])).to.deep.equal([])
      // The policies hold meanwhile: what asks for a row of another owner than the one whose turn it is gets none.
      const swapped = LATEST.text.replace('o.owner_id = scope.owner', `o.owner_id = 'ada'`)
      expect(swapped).to.not.equal(LATEST.text)
      expect((await ask(swapped, [['bob']])).length).to.equal(0)
    })
  })
}

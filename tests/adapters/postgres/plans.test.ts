import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { pageStatement } from '../../../src/adapters/postgres/page.ts'
import { READ } from '../../../src/adapters/postgres/task-store.ts'
import { TRASH } from '../../../src/adapters/postgres/trash.ts'
import { type Filter, type Position, type Query, SORT_FIELDS, type SortField } from '../../../src/domain/query.ts'
import { at, boundOf, idOf, NO_FILTER, queryOf } from '../../builders.ts'
import { databasesUnderTest, type TestDatabase } from '../../databases.ts'

/** Two owners with enough tasks that walking an index pays. */
const FILL = `insert into tasks (owner_id, id, seq, version, printed, title_key, search_text, status, priority, due, due_order, created_at, updated_at, weight)
select $1, gen_random_uuid(), n, 1, '{}', 't' || n, 't' || n, 'todo', n % 5, case when n % 3 = 0 then '2026-11-30' end, case when n % 3 = 0 then n end,
to_timestamp(n), to_timestamp(n * 7 % 5000), 256 from generate_series(1, 5000) n`

const INDEX: Readonly<Record<SortField, (descending: boolean) => string>> = {
  createdAt: () => 'tasks_created',
  updatedAt: () => 'tasks_updated',
  due: (descending) => (descending ? 'tasks_due_down' : 'tasks_due_up'),
  priority: () => 'tasks_priority',
  title: () => 'tasks_title',
}

const KEYS: Readonly<Record<SortField, Position['key']>> = { createdAt: at(0), updatedAt: at(0), due: null, priority: 2, title: 't2' }

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: plans`, function () {
    this.timeout(60_000)
    let database: TestDatabase
    before(async () => {
      database = await open()
      const { ask } = database
      for (const owner of ['ada', 'bob']) {
        await ask(`select set_config('app.owner_id', $1, false)`, [owner])
        await ask(FILL, [owner])
        await ask(`update tasks set deleted_at = updated_at where seq % 5 = 0`)
        await ask(`insert into task_tags select owner_id, id, 'tag' || priority from tasks`)
      }
      await ask('vacuum analyze')
    })
    after(() => database.close())

    const planOf = async (text: string, values: unknown[]): Promise<string> =>
      (await database.ask(`explain (costs off) ${text}`, values)).map((row) => String(row['QUERY PLAN'])).join('\n')

    const page = (some: Partial<Query>, values: unknown[] = []): Promise<string> => planOf(pageStatement(queryOf(some)).text, ['ada', ...values, null])

    for (const field of SORT_FIELDS) {
      for (const descending of [false, true]) {
        const sort = { field, descending }
        it(`LIST-11 a page by ${field}${descending ? ', descending' : ''} is a walk along the owner’s index, the thousandth like the first`, async () => {
          const first = await page({ sort })
          const next = await page({ sort, from: { key: KEYS[field], id: idOf(1) } }, [KEYS[field], idOf(1)])
          for (const plan of [first, next]) {
            expect(plan).to.match(new RegExp(`Index Scan (Backward )?using ${INDEX[field](descending)} on tasks`))
            expect(plan)
              .to.match(/Index Cond: .*owner_id = /)
              .and.not.match(/\bSort\b|Seq Scan on task|Bitmap/)
          }
          expect(next).to.match(/Index Cond: .*ROW\(/)
        })
      }
    }

    const FILTERS: readonly (readonly [string, Partial<Filter>, unknown[]])[] = [
      ['status', { statuses: ['cancelled'] }, [['cancelled']]],
      ['priority', { priorities: ['urgent'] }, [['4']]],
      ['a tag', { tags: ['nowhere'] }, ['nowhere']],
      ['due date', { dueBefore: boundOf('2026-01-01') }, ['2026-01-01', 0]],
    ]
    for (const [what, filter, values] of FILTERS) {
      it(`STORE-17 a filter by ${what} reads an index that has it, and only what passes from the table`, async () => {
        // Where an owner has half of a small table the whole of it is soon read.
        await database.ask('set enable_seqscan = off')
        for (const field of SORT_FIELDS) {
          for (const descending of [false, true]) {
            const plan = await page({ sort: { field, descending }, filter: { ...NO_FILTER, ...filter } }, values)
            expect(plan).to.match(/Index Only Scan (Backward )?using tasks_(created|updated|due_up|due_down|priority|title) on tasks/)
            expect(plan).not.to.match(/Seq Scan on task|Bitmap|Index Scan (Backward )?using (?!tasks_pkey|owners_pkey)/)
          }
        }
        await database.ask('reset enable_seqscan')
      })
    }

    it('STORE-17 several filters at once are planned for what they are: along an index led by the owner, or what one of them leaves is sorted', async () => {
      await database.ask('set enable_seqscan = off')
      const filter: Filter = { ...NO_FILTER, statuses: ['cancelled'], priorities: ['urgent'], tags: ['nowhere'] }
      for (const field of SORT_FIELDS) {
        for (const descending of [false, true]) {
          // A statement that is planned each time is given its limit.
          const plan = await page({ sort: { field, descending }, filter }, [20, ['cancelled'], ['4'], 'nowhere'])
          expect(plan).to.match(
            /Index Only Scan (Backward )?using tasks_(created|updated|due_up|due_down|priority|title)\b.*\n\s+Index Cond: .*owner_id = |Bitmap Index Scan on tasks_priority\n\s+Index Cond: .*owner_id = .*priority = /,
          )
          expect(plan).not.to.match(/Seq Scan on task/)
        }
      }
      await database.ask('reset enable_seqscan')
    })

    it('TRASH-01 LIST-11 a page of the trash is a walk along the owner’s index', async () => {
      const plan = await planOf(TRASH.text, ['ada', '720 hours', 20, 4000])
      expect(plan).to.match(/Index Scan Backward using tasks_trashed on tasks/)
      expect(plan)
        .to.match(/Index Cond: .*owner_id = .*seq > .*seq < /)
        .and.not.match(/Seq Scan on task|Bitmap/)
    })

    it('LIST-11 a page and a read are planned once for all owners: planning takes longer than running them', async () => {
      const { ask } = database
      await ask(`prepare page (text, text) as ${pageStatement(queryOf()).text}`)
      await ask(`prepare read (text, uuid) as ${READ.text}`)
      for (let n = 0; n < 8; n++) {
        await ask(`execute page ('ada', null)`)
        await ask(`execute read ('ada', '${idOf(1)}')`)
      }
      const plans = await ask(`select name, generic_plans::int as once from pg_prepared_statements where name in ('page', 'read') order by 1`)
      expect(plans).to.deep.equal([
        { name: 'page', once: 3 },
        { name: 'read', once: 3 },
      ])
      await ask('deallocate page')
      await ask('deallocate read')
    })

    it('LIST-11 one task is found by owner and id', async () => {
      const plan = await planOf(READ.text, ['ada', idOf(1)])
      expect(plan).to.match(/Index Scan using tasks_pkey on tasks/)
      expect(plan)
        .to.match(/Index Cond: .*owner_id = .* AND \(id = /)
        .and.not.match(/Seq Scan on task/)
    })

    it('LIST-11 tags are found by equality under the policy', async () => {
      const plan = await page({ filter: { ...NO_FILTER, tags: ['nowhere'] } }, ['nowhere'])
      expect(plan)
        .to.match(/Index (Only )?Scan (Backward )?using task_tags_\w+ on task_tags/)
        .and.not.match(/Seq Scan on task/)
      expect(plan).to.match(/Index Cond: .*owner_id = .*tag = /)
    })
  })
}

import { expect } from 'chai'
import fc from 'fast-check'
import { after, before, describe, it } from 'mocha'
import { runBatch } from '../../../src/application/batch.ts'
import type { OwnedTasks, Ports } from '../../../src/application/ports.ts'
import { print } from '../../../src/application/printing.ts'
import type { Operation } from '../../../src/domain/batch.ts'
import { complete } from '../../../src/domain/completion.ts'
import { create, edit } from '../../../src/domain/editing.ts'
import { type Instant, instantAt } from '../../../src/domain/instant.ts'
import { tagSet } from '../../../src/domain/tags.ts'
import { type Draft, PRIORITIES, STATUSES, type Stored } from '../../../src/domain/task.ts'
import { discard, restore } from '../../../src/domain/trash.ts'
import { at, BEGINNING, dueOf, idOf, onceOf, principalOf, refusalOf } from '../../builders.ts'
import { figure } from '../../contracts/opened-store.ts'
import { commitOf } from '../../contracts/writing.ts'
import { databasesUnderTest, type TestDatabase } from '../../databases.ts'

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map((some) => some.replaceAll('\0', ' '))

const draft: fc.Arbitrary<Draft> = fc.record({
  title: text,
  description: text,
  status: fc.constantFrom(...STATUSES),
  priority: fc.constantFrom(...PRIORITIES),
  due: fc.option(fc.constantFrom('2026-11-30', '0001-01-01', '2026-11-30T09:00:00.5+05:00[Asia/Karachi]').map(dueOf)),
  tags: fc.uniqueArray(text, { maxLength: 4 }).map(tagSet),
})

/** What the owner's row says, and what there is; tasks whose tags or columns are not those of their text, and rows that do not weigh what their texts do. */
const BALANCE = `select (select json_build_array(tasks, bytes, due_at) from owners)::text as told,
json_build_array((select count(*) from tasks), coalesce((select sum(weight) from tasks), 0) + coalesce((select sum(weight) from changes), 0)
+ coalesce((select sum(weight) from kept_answers), 0), (select due_at from due_work))::text as there,
(select count(*)::int from tasks t where (select coalesce(array_agg(tag order by tag), '{}') from task_tags g where g.task_id = t.id)
<> array(select json_array_elements_text(t.printed::json -> 'tags'))) as untagged,
(select count(*)::int from tasks t, json_to_record(t.printed::json) as p (id uuid, status text, priority text, due text, "createdAt" timestamptz, "updatedAt" timestamptz, version int)
where (p.id, p.status, p.due, p."createdAt", p."updatedAt", p.version, array_position('{none,low,medium,high,urgent}', p.priority) - 1)
is distinct from (t.id, t.status, t.due, t.created_at, t.updated_at, t.version, t.priority)) as misprinted,
(select count(*)::int from (select weight, array[printed::json ->> 'title', printed::json ->> 'description', printed::json ->> 'due',
(select string_agg(tag, ',') from json_array_elements_text(printed::json -> 'tags') tag)] as texts from tasks
union all select weight, array[fields::text] from changes union all select weight, array[body] from kept_answers) r
where weight <> 256 + (select coalesce(sum(octet_length(text)), 0) from unnest(texts) text)) as misweighed`

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: the owner’s account`, function () {
    this.timeout(120_000)
    let database: TestDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    let time = 0
    /** One write of some kind to one of ten tasks, decided on what is there. */
    async function write(mine: OwnedTasks, [kind, id, some, hours]: readonly [string, number, Draft, number]): Promise<void> {
      time += hours * 3_600_000
      const now = instantAt(BEGINNING + time)
      const { stored } = await mine.load(idOf(id), undefined, now)
      const change = changeOf(kind, id, some, stored, time)
      const json = change === undefined ? null : print(change.after)
      const keep = { once: onceOf(`k${id}`), outcome: { kind: 'changed', id: idOf(id), json } } as const
      if (kind === 'batch') await together(mine, id, some, now, hours % 2 === 0)
      else if (kind === 'forget') await mine.forget(now, 3)
      else if (kind === 'empty') await mine.empty({ now, keep: hours % 2 === 0 ? keep : undefined })
      else if (kind === 'purge' || kind === 'restore') await outOfTrash(mine, kind, id, now, hours % 2 === 0)
      else await mine.commit(commitOf(change, { now, decidedOn: stored?.seq, ...(hours % 2 === 0 && stored ? { keep } : {}) }))
    }

    /** Some operations on three tasks, of which any may be refused. */
    async function together(mine: OwnedTasks, id: number, { title }: Draft, now: Instant, keeps: boolean): Promise<void> {
      const tasks = { of: () => mine }
      const ports: Ports = { tasks, clock: { now: () => now }, ids: { next: () => idOf(id) }, quota: { tasks: 100, bytes: 1e9 }, underWay: new Set() }
      const on = { id: idOf(id), ifVersion: undefined }
      const other = { id: idOf((id + 1) % 10), ifVersion: undefined }
      const operations: readonly Operation[] = [
        { ...on, op: 'patch', edit: { title } },
        { ...on, op: 'complete' },
        { ...other, op: time % 3 === 0 ? 'delete' : 'reopen' },
        { ...on, op: 'reopen' },
      ]
      await refusalOf(() => runBatch(ports)(principalOf('anyone'), () => operations, keeps ? { once: onceOf(`k${id}`, 'f', 'POST /api/batch') } : {}))
    }

    /** A purge or a restoration, if the task is in the trash. */
    async function outOfTrash(mine: OwnedTasks, kind: 'purge' | 'restore', id: number, now: Instant, keeps: boolean): Promise<void> {
      const { stored } = await mine.loadTrashed(idOf(id), undefined, now)
      if (stored === undefined) return
      const keep = keeps ? ({ once: onceOf(`k${id}`), outcome: { kind: 'discarded', id: idOf(id), json: null } } as const) : undefined
      if (kind === 'purge') await mine.purge({ id: idOf(id), decidedOn: stored.seq, now, keep })
      else await mine.commit(commitOf(restore(stored.task, now), { now, decidedOn: stored.seq, keep }))
    }

    function changeOf(kind: string, id: number, some: Draft, stored: Stored | undefined, ms: number) {
      if (stored === undefined) return create(idOf(id), some, at(ms))
      return kind === 'discard' ? discard(stored.task, at(ms)) : kind === 'complete' ? complete(stored.task, at(ms)) : edit(stored.task, some, at(ms))
    }

    const step = fc.tuple(
      fc.constantFrom('batch', 'batch', 'edit', 'edit', 'complete', 'discard', 'discard', 'restore', 'purge', 'empty', 'forget'),
      fc.integer({ min: 0, max: 9 }),
      draft,
      fc.integer({ min: 0, max: 80 }),
    )

    it('STORE-03 STORE-08 STORE-20 says what is there, whatever was written, one after the other or at once', async () => {
      let runs = 0
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
          const owner = `${name} account ${++runs}`
          const mine = database.tasks.of(principalOf(owner).mayWrite())
          for (let n = 0; n < steps.length; n += 5) await Promise.all(steps.slice(n, n + 5).map((one) => write(mine, one)))
          await database.ask(`select set_config('app.owner_id', $1, false)`, [owner])
          const [balance] = await database.ask(
            `select o.* from (${BALANCE}) o`.replace('from due_work', `from due_work where owner_id = current_setting('app.owner_id')`),
          )
          expect(balance?.['told']).to.equal(balance?.['there'])
          expect([balance?.['untagged'], balance?.['misprinted'], balance?.['misweighed']]).to.deep.equal([0, 0, 0])
        }),
        { numRuns: figure(100), endOnFailure: true },
      )
    })

    it('STORE-12 a task is printed byte for byte as by every store, whatever its text', async () => {
      const mine = database.tasks.of(principalOf(`${name} printing`).mayWrite())
      let number = 0
      await fc.assert(
        fc.asyncProperty(draft, async (some) => {
          const change = create(idOf(++number), some, at(number))
          await mine.commit(commitOf(change))
          const { stored } = await mine.load(idOf(number), undefined, at(0))
          expect((await mine.read(idOf(number)))?.json).to.equal(print(change.after))
          expect(stored?.task).to.deep.equal(change.after)
        }),
        { numRuns: figure(1000) },
      )
    })
  })
}

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { runBatch } from '../../src/application/batch.ts'
import { completeTask } from '../../src/application/completion.ts'
import { createTask } from '../../src/application/creation.ts'
import { doDueWork } from '../../src/application/due-work.ts'
import { patchTask } from '../../src/application/editing.ts'
import type { Ports } from '../../src/application/ports.ts'
import { discardTask, emptyTrash, purgeTask, restoreTask } from '../../src/application/trash.ts'
import { instantAt } from '../../src/domain/instant.ts'
import { BEGINNING, draftOf, idOf, onceOf, portsOver, principalOf } from '../builders.ts'
import { databasesUnderTest, type TestDatabase } from '../databases.ts'

const DAY = 24 * 3_600_000
const OWNER = 'ada'
const ada = principalOf(OWNER)

/** Words that stand in title, description and tags, before and after a change. */
const WORDS = ['xylophone', 'marzipan', 'quokka', 'zeppelin', 'vermilion']
const OTHERS = 'other owner'

/** Every table of the schema; as the owner, all of whose rows are seen. */
const TABLES = `select c.relname as name from pg_class c where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace order by 1`

/** The tables in which a word occurs, in any column of any row. */
async function tablesWith({ ask }: TestDatabase, word: string, owner = OWNER): Promise<readonly string[]> {
  const names = (await ask(TABLES)).map(({ name }) => String(name))
  const found: string[] = []
  await ask('begin')
  await ask(`select set_config('app.owner_id', $1, true)`, [owner])
  for (const name of names) {
    const [row] = await ask(`select count(*)::int as count from ${name} x where position($1 in lower(x::text)) > 0`, [word])
    if (row?.['count'] !== 0) found.push(name)
  }
  await ask('rollback')
  return found
}

/** A task with words all over, of which several answers are kept, and which is now in the trash; and the same of another owner. */
async function fill(ports: Ports): Promise<void> {
  for (const principal of [ada, principalOf(OTHERS)]) {
    const draft = draftOf({ title: 'xylophone', description: 'Marzipan', tags: ['quokka'] })
    await createTask(ports)(principal, () => ({ id: idOf(1), draft }), onceOf('create'))
    await patchTask(ports)(principal, idOf(1), () => ({ title: 'zeppelin', tags: ['vermilion'] }), { once: onceOf('patch') })
    await patchTask(ports)(principal, idOf(1), () => ({}), { once: onceOf('nothing') })
    await completeTask(ports)(principal, idOf(1), { once: onceOf('complete') })
    await discardTask(ports)(principal, idOf(1), { once: onceOf('discard') })
    await restoreTask(ports)(principal, idOf(1), { once: onceOf('restore') })
    const batch = [
      { op: 'patch', id: idOf(1), ifVersion: undefined, edit: { description: 'Marzipan cake' } },
      { op: 'create', id: idOf(2), draft: draftOf() },
    ] as const
    await runBatch(ports)(principal, () => batch, { once: onceOf('batch', 'f', 'POST /api/batch') })
    await discardTask(ports)(principal, idOf(1))
  }
}

const ERASERS: Readonly<Record<string, (ports: Ports, database: TestDatabase, at: number) => Promise<unknown>>> = {
  'a purge': (ports) => purgeTask(ports)(ada, idOf(1)),
  'a purge under a key that has expired with its words': (ports) => purgeTask(ports)(ada, idOf(1), { once: onceOf('create') }),
  'an emptying and the due work after it': (ports, { tasks, work }) => emptyTrash(ports)(ada).then(() => doDueWork({ tasks, work, clock: ports.clock })),
  'the due work of its day': (_, { tasks, work }, at) => doDueWork({ tasks, work, clock: { now: () => instantAt(at + 30 * DAY) } }),
}

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: erasing`, function () {
    this.timeout(60_000)

    for (const [what, erase] of Object.entries(ERASERS)) {
      it(`TRASH-07 STORE-07 after ${what} the words are nowhere in the database`, async () => {
        const database = await open()
        try {
          let time = BEGINNING
          const ports: Ports = { ...portsOver(database.tasks), clock: { now: () => instantAt(time++) } }
          await fill(ports)
          const before = await Promise.all(['xylophone', 'vermilion'].map((word) => tablesWith(database, word)))
          expect(before).to.deep.equal([
            ['changes', 'kept_answers'],
            ['changes', 'kept_answers', 'task_tags', 'tasks'],
          ])
          // Past the day that answers are kept, and before anything was forgotten.
          time += DAY
          await erase(ports, database, time)
          for (const word of WORDS) expect(await tablesWith(database, word), word).to.deep.equal([])
          expect(await tablesWith(database, idOf(1))).to.include('tombstones')
        } finally {
          await database.close()
        }
      })
    }

    it('TRASH-07 OWN-05 a purge leaves another owner’s task of the same id as it is', async () => {
      const database = await open()
      try {
        const ports = portsOver(database.tasks)
        await fill(ports)
        const before = await tablesWith(database, 'vermilion', OTHERS)
        await purgeTask(ports)(ada, idOf(1))
        expect(await tablesWith(database, 'vermilion', OTHERS)).to.deep.equal(before)
        expect(before).to.deep.equal(['changes', 'kept_answers', 'task_tags', 'tasks'])
      } finally {
        await database.close()
      }
    })
  })
}

import { expect } from 'chai'
import { describe, it } from 'mocha'
import pg from 'pg'
import { openServer } from '../../../src/adapters/postgres/server.ts'
import { runBatch } from '../../../src/application/batch.ts'
import { completeTask } from '../../../src/application/completion.ts'
import { createTask } from '../../../src/application/creation.ts'
import { patchTask } from '../../../src/application/editing.ts'
import { readHistory, revertTask } from '../../../src/application/history.ts'
import { discardTask, purgeTask, restoreTask } from '../../../src/application/trash.ts'
import type { Operation } from '../../../src/domain/batch.ts'
import { draftOf, idOf, onceOf, portsOver, principalOf } from '../../builders.ts'
import { forDriver, freshOnOwnServer } from '../../databases.ts'

const TASKS = 300
/** What a look by key reads of an index, on average, at most: what it finds, and versions of it that are dead. */
const READ_AT_MOST = 8

describe('PostgreSQL without statistics', function () {
  this.timeout(60_000)

  it('STORE-19 reads no more of an index than it looks for, however much its owner has', async () => {
    const { url, drop } = await freshOnOwnServer()
    const database = await openServer({ url, pool: 1 })
    await database.migrate()
    const client = new pg.Client(forDriver(url))
    await client.connect()
    for (const table of ['tasks', 'task_tags', 'changes', 'tombstones', 'kept_answers'])
      await client.query(`alter table ${table} set (autovacuum_enabled = off)`)
    const ports = portsOver(database.tasks)
    const ada = principalOf('ada')
    for (let n = 0; n < TASKS; n++) {
      await createTask(ports)(ada, () => ({ id: idOf(n), draft: draftOf({ tags: ['a', 'b'] }) }), onceOf(`create ${n}`))
      await patchTask(ports)(ada, idOf(n), () => ({ title: 'edited', tags: ['b', 'c'] }), { once: onceOf(`patch ${n}`) })
      await patchTask(ports)(ada, idOf(n), () => ({ title: 'again' }))
      await completeTask(ports)(ada, idOf(n))
      await revertTask(ports)(ada, idOf(n), 2)
      await readHistory(ports)(ada, idOf(n), { limit: 20, bytes: 10_000, before: undefined })
      await discardTask(ports)(ada, idOf(n))
      await (n % 2 === 0 ? restoreTask : purgeTask)(ports)(ada, idOf(n))
      const operations: readonly Operation[] = [
        { op: 'create', id: idOf(TASKS + n), draft: draftOf({ tags: ['a'] }) },
        { op: 'patch', id: idOf(TASKS + n), ifVersion: 1, edit: { title: 'batched', tags: ['b'] } },
        { op: 'delete', id: idOf(TASKS + n), ifVersion: 2 },
      ]
      await runBatch(ports)(ada, () => operations, { once: onceOf(`batch ${n}`) })
    }
    // What a connection counted is told with its end.
    await database.close()
    const counted = `select indexrelname as name, idx_tup_read::float / idx_scan as read from pg_stat_user_indexes where idx_scan > ${TASKS / 10}`
    const { rows } = await client.query<{ readonly name: string; readonly read: number }>(counted)
    const { rows: walked } = await client.query(`select relname as name, seq_scan from pg_stat_user_tables where seq_tup_read > ${TASKS}`)
    await client.end()
    await drop()
    expect(rows.map(({ name }) => name)).to.include.members(['tasks_pkey', 'changes_pkey', 'kept_answers_pkey', 'tombstones_pkey'])
    expect(walked, 'tables that were walked through').to.deep.equal([])
    expect(rows.filter(({ name, read }) => name !== 'owners_pkey' && read > READ_AT_MOST)).to.deep.equal([])
  })
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createTask } from '../../src/application/creation.ts'
import { patchTask } from '../../src/application/editing.ts'
import { draftOf, idOf, portsOver, principalOf } from '../builders.ts'
import { embeddedDatabase } from '../databases.ts'

describe('the embedded database', () => {
  it('STORE-21 is vacuumed where a fifth of a table is dead, and not before', async () => {
    const database = await embeddedDatabase()
    const ports = portsOver(database.tasks)
    const ada = principalOf('ada')
    /** Rows that are dead, and how often they were cleared away. */
    const seen = async () => {
      const [row] = await database.ask(`select n_dead_tup::int as dead, vacuum_count::int as vacuums from pg_stat_user_tables where relname = 'tasks'`)
      return row
    }
    const patch = async (times: number) => {
      for (let n = 0; n < times; n++) await patchTask(ports)(ada, idOf(1), () => ({ title: `anew ${n}` }), { once: undefined })
    }
    await createTask(ports)(ada, () => ({ id: idOf(1), draft: draftOf() }), undefined)
    await database.vacuum?.()
    const { vacuums: before = 0 } = { ...(await seen()) }

    await patch(20)
    await database.vacuum?.()
    expect(await seen()).to.deep.equal({ dead: 20, vacuums: before })
    await patch(40)
    await database.vacuum?.()
    expect(await seen()).to.deep.equal({ dead: 0, vacuums: Number(before) + 1 })
    await database.close()
  })
})

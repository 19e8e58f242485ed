import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { create } from '../../src/domain/editing.ts'
import { at, draftOf, idOf, principalOf, queryOf } from '../builders.ts'
import { distributedDatabase, opened, type TestDatabase } from '../databases.ts'
import { batchingContract } from './batching.ts'
import { syncingContract } from './syncing.ts'
import { commitOf, writingContract } from './writing.ts'

/** Owners whose names would end a literal, or begin another command. */
const HOSTILE = [`o'brien`, `'; reset app.owner_id; --`, `\\'; select '`, `\\`, `E'x'`, `$$x$$`, `"quoted"`, `bob`, `%L %s`, `ü\u{1f600}`]

describe('STORE-12 STORE-16 a distributed database keeps the contract', () => {
  const open = () => opened(distributedDatabase())
  writingContract('distributed', open)
  batchingContract('distributed', open)
  syncingContract('distributed', open)

  describe('an owner’s name', function () {
    this.timeout(60_000)
    let database: TestDatabase
    before(async () => {
      database = await distributedDatabase()
    })
    after(() => database.close())

    it('STORE-16 is that owner and nobody else, whatever is in it', async () => {
      for (const [n, name] of HOSTILE.entries()) {
        const mine = database.tasks.of(principalOf(name).mayWrite())
        expect(await mine.commit(commitOf(create(idOf(n), draftOf({ title: name }), at(0))))).to.deep.equal({ kind: 'committed', seq: 1 })
      }
      for (const [n, name] of HOSTILE.entries()) {
        const { items, seq } = await database.tasks.of(principalOf(name).mayRead()).page(queryOf())
        expect(JSON.parse(items).map(({ id, title }: { id: string; title: string }) => [id, title])).to.deep.equal([[idOf(n), name]])
        expect(seq).to.equal(1)
      }
    })
  })
})

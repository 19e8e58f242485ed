import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import pg from 'pg'
import { fairShare } from '../../../src/adapters/postgres/fair-share.ts'
import { HURRIED } from '../../../src/adapters/postgres/patience.ts'
import { openPool } from '../../../src/adapters/postgres/pool.ts'
import { PoolSession } from '../../../src/adapters/postgres/pool-session.ts'
import { openServer } from '../../../src/adapters/postgres/server.ts'
import { statement } from '../../../src/adapters/postgres/session.ts'
import { Unavailable } from '../../../src/application/ports.ts'
import { create } from '../../../src/domain/editing.ts'
import { at, draftOf, idOf, principalOf, queryOf } from '../../builders.ts'
import { commitOf } from '../../contracts/writing.ts'
import { forDriver, freshDatabase } from '../../databases.ts'

const [ada, bob] = [principalOf('ada').mayWrite(), principalOf('bob').mayWrite()]
const settle = () => new Promise((done) => setImmediate(done))

describe('a fair share of the connections', function () {
  this.timeout(30_000)

  it('STORE-15 runs a third of them at once, the rest in turn, whatever becomes of each', async () => {
    const share = fairShare(10)
    const begun: string[] = []
    const ends: (() => void)[] = []
    const work = (name: string) => () =>
      new Promise<string>((resolve, reject) => {
        begun.push(name)
        ends.push(() => (name === 'b' ? reject(new Error(name)) : resolve(name)))
      })
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => share(ada, work(name), false))
    const settled = Promise.allSettled(all)
    await share(bob, async () => begun.push('bob'), false)
    expect(begun).to.deep.equal(['a', 'b', 'c', 'bob'])
    ends[1]?.()
    await settle()
    expect(begun).to.deep.equal(['a', 'b', 'c', 'bob', 'd'])
    ends[0]?.()
    await settle()
    expect(begun).to.deep.equal(['a', 'b', 'c', 'bob', 'd', 'e'])
    for (const end of ends) end()
    expect((await settled).map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  })

  it('STORE-15 runs one of an owner’s writes at a time, and reads beside it', async () => {
    const share = fairShare(10)
    const begun: string[] = []
    const ends: (() => void)[] = []
    const work = (name: string) => () => new Promise<void>((resolve) => (ends[begun.push(name)] = resolve))
    const all = [share(ada, work('write'), true), share(ada, work('another'), true), share(ada, work('read'), false), share(bob, work('bob'), true)]
    await settle()
    expect(begun).to.deep.equal(['write', 'read', 'bob'])
    ends[1]?.()
    await settle()
    expect(begun).to.deep.equal(['write', 'read', 'bob', 'another'])
    for (const end of ends) end?.()
    await Promise.all(all)
  })

  it('OPS-01 STORE-15 what a turn was waited for is taken off what a connection and an answer are waited for', async () => {
    const share = fairShare(10)
    const [, waited] = await Promise.all([share(ada, () => pause(450), true), share(ada, async (waited) => waited, true)])
    expect(waited).to.be.within(400, 800)
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const pool = openPool(`postgres://nobody@127.0.0.1:${Object(silent.address()).port}/none`, { max: 1 }, () => {})
    const began = performance.now()
    const fault = await new PoolSession(pool).run(statement('one', 'select 1'), {}, 450).catch((fault: unknown) => fault)
    const took = performance.now() - began
    await pool.end()
    silent.close()
    expect(fault).to.be.instanceOf(Unavailable)
    expect(took).to.be.within(HURRIED.connecting - 500, HURRIED.connecting - 50)
  })

  it('STORE-15 others go on while one owner’s writes wait for its row, and what waits too long is unavailable', async () => {
    const { url, drop } = await freshDatabase()
    const database = await openServer({ url, pool: 4 })
    await database.migrate()
    const theirs = database.tasks.of(ada)
    const commit = (number: number, tasks = theirs) => tasks.commit(commitOf(create(idOf(number), draftOf(), at(0))))
    await commit(1)
    const client = new pg.Client(forDriver(url))
    await client.connect()
    await client.query(`begin; select set_config('app.owner_id', 'ada', true); select from owners for update`)
    const waiting = Promise.all(Array.from({ length: 50 }, (_, n) => commit(n + 2).catch((fault: unknown) => fault)))
    const others = database.tasks.of(bob)
    expect(await commit(100, others)).to.deep.equal({ kind: 'committed', seq: 1 })
    expect((await others.page(queryOf())).seq).to.equal(1)
    // The one that has a connection gives up as the others do: nobody waits longer for a lock.
    for (const fault of await waiting) expect(fault).to.be.instanceOf(Unavailable)
    await client.query('rollback')
    expect(await commit(2)).to.deep.equal({ kind: 'committed', seq: 2 })
    await client.end()
    await database.close()
    await drop()
  })
})

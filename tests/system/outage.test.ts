import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import pg from 'pg'
import { type FreshDatabase, freshOnOwnServer, superuserUrl } from '../databases.ts'
import { failing, triedOf } from '../fire/failures.ts'
import { holdsOut } from '../fire/holding-out.ts'
import { recovers, Target } from '../fire/target.ts'
import { cleanUp } from './process.ts'

describe('an outage of the database', function () {
  this.timeout(60_000)
  let database: FreshDatabase
  let target: Target
  let beside: pg.Client

  before(async () => {
    database = await freshOnOwnServer()
    const url = new URL(database.url)
    target = await Target.start(Number(url.port), url.pathname.slice(1))
    beside = new pg.Client((await superuserUrl()).replace(/\/postgres$/, url.pathname))
    await beside.connect()
    await Promise.all(Array.from({ length: 20 }, () => target.make()))
  })
  after(async () => {
    await beside.end()
    await target.close()
    await cleanUp()
    await database.drop()
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 OPS-05 that hangs is told within 2 s, and is over as soon as it is', async () => {
    target.proxy.become({ blackHole: true })
    await holdsOut(target)
    target.proxy.become({})
    await recovers(target)
    expect(target.proxy.most).to.be.within(1, 10)
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 in which another holds the lock', async () => {
    await beside.query('begin; lock table owners, tasks in access exclusive mode')
    await holdsOut(target, { ready: 'either' })
    await beside.query('rollback')
    await recovers(target)
  })

  it('OPS-03 OPS-04 that cuts all connections', async () => {
    target.proxy.reset()
    await recovers(target)
    await beside.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'taskward'`)
    await recovers(target)
    expect(target.isEnded).to.equal(false)
  })

  it('OPS-04 connections that lead to nowhere are found out by the first of them', async () => {
    await Promise.all(Array.from({ length: 20 }, () => target.make()))
    target.proxy.strand()
    await recovers(target)
  })

  it('OPS-06 what was rolled back on account of others is run again, once or twice', async () => {
    await failing(beside, '40001', 2)
    const id = await target.make('once')
    expect(await triedOf(beside)).to.equal(3)
    expect((await beside.query(`select from tasks where title_key = 'once'`)).rowCount).to.equal(1)
    await failing(beside, '40P01', 1)
    expect((await target.ask('POST', '/api/batch', { body: { operations: [{ op: 'complete', id }] } })).status).to.equal(200)
    expect(await triedOf(beside)).to.equal(2)
  })

  it('OPS-06 what may have been carried out is not run again', async () => {
    await failing(beside, '40003', 1)
    expect((await target.ask('POST', '/api/tasks', { body: { title: 'perhaps' } })).status).to.equal(503)
    expect(await triedOf(beside)).to.equal(1)
  })

  it('OPS-07 that loses the reply to a commit: a retry with the key finds what was written', async () => {
    for (let at = 0; at < 5; at++) {
      const [key, body] = [randomUUID(), { title: `lost ${at}` }]
      target.proxy.become({ loseAnswerTo: /(?:straight|commit) creation/ })
      expect((await target.ask('POST', '/api/tasks', { key, body })).status).to.equal(503)
      target.proxy.become({})
      const again = await target.ask('POST', '/api/tasks', { key, body })
      expect(again.status, again.body).to.equal(201)
      const { rows } = await beside.query<{ id: string }>(`select id from tasks where title_key = $1`, [body.title])
      expect(rows).to.deep.equal([{ id: JSON.parse(again.body).id }])
    }
    expect(target.proxy.lost).to.equal(5)
  })
})

import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { cleanUp } from '../system/process.ts'
import { holdsOut } from './holding-out.ts'
import { told } from './report.ts'
import { ReplicatedPair } from './system-postgres.ts'
import { recovers, Target } from './target.ts'

describe('a failover to the standby', function () {
  this.timeout(120_000)
  let pair: ReplicatedPair
  let target: Target

  beforeEach(async () => {
    pair = await ReplicatedPair.start()
    target = await Target.start(pair.primary, 'tasks')
    await Promise.all(Array.from({ length: 40 }, () => target.make()))
  })
  afterEach(async () => {
    await target.close()
    await cleanUp()
    await pair.remove()
    expect(target.proxy.most).to.be.within(1, 10)
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 OPS-07 the primary is gone: the standby is read until it is promoted, and then written', async () => {
    const id = await target.make('before')
    await pair.kill()
    const away = await holdsOut(target)
    target.proxy.leadTo(pair.standby)
    const outage = await holdsOut(target, { kinds: ['writes'], ready: 'either' })
    expect((await target.ask('GET', `/api/tasks/${id}`)).status).to.equal(200)
    await pair.promote()
    told('failover, the primary gone', { outage: Math.max(away.outage, outage.outage), known: Math.max(away.known, outage.known) }, await recovers(target))
    expect((await target.ask('GET', `/api/tasks/${id}`)).status).to.equal(200)
  })

  it('OPS-01 OPS-04 the old primary lives on and only reads: its connections are left for those to the new one', async () => {
    await pair.demote()
    for (let isReadOnly = false; !isReadOnly; ) isReadOnly = (await target.ask('POST', '/api/tasks', { body: { title: 'x' } })).status === 503
    const outage = await holdsOut(target, { kinds: ['writes'], ready: 200 })
    await pair.promote()
    target.proxy.leadTo(pair.standby)
    told('failover, the old primary read-only', outage, await recovers(target))
    for (let count = 0; count < 50; count++) await target.make('after the failover')
  })
})

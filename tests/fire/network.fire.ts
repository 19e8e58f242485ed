import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { after, afterEach, before, beforeEach, describe, it } from 'mocha'
import { figure } from '../contracts/opened-store.ts'
import { runOn } from '../databases.ts'
import { cleanUp } from '../system/process.ts'
import { Cluster } from './cluster.ts'
import { holdsOut } from './holding-out.ts'
import { report, told } from './report.ts'
import { recovers, Target } from './target.ts'

describe('faults of the way to the database', function () {
  this.timeout(120_000)
  let cluster: Cluster
  let target: Target
  let name: string

  before(async () => {
    cluster = await Cluster.start()
  })
  after(() => cluster.remove())
  beforeEach(async () => {
    name = await cluster.database()
    target = await Target.start(cluster.port, name)
    await Promise.all(Array.from({ length: 40 }, () => target.make()))
  })
  afterEach(async () => {
    await target.close()
    await cleanUp()
    expect(target.proxy.most, 'connections to the database').to.be.within(1, 10)
    expect(target.isEnded).to.equal(true)
  })

  it('OPS-01 a long way is no fault, nor is one that changes', async () => {
    for (const weather of [{ latency: 40 }, { latency: 10, jitter: 80 }]) {
      target.proxy.become(weather)
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, at) => {
          // Of several: one owner's requests take turns (STORE-15), and over such a way not so many in time.
          const as = `far ${at % 5}`
          return at % 2 === 0 ? target.ask('GET', '/api/tasks', { as }) : target.ask('POST', '/api/tasks', { as, body: { title: 'far' } })
        }),
      )
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200, 201]))
      report(`${JSON.stringify(weather)}: answered within ${Math.max(...answers.map(({ ms }) => ms)).toFixed(0)} ms`)
    }
  })

  it('OPS-08 a batch that would take more than 10 s in all, each statement of it little, is given up and leaves nothing', async () => {
    const operations = Array.from({ length: 100 }, (_, at) => ({ op: 'create', body: { title: `far ${at}` } }))
    target.proxy.become({ latency: 10 })
    expect((await target.ask('POST', '/api/batch', { as: 'bob', body: { operations } })).status).to.equal(200)
    const slowly = 'create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.15); return new; end $$'
    await runOn(cluster.urlOf(name), `${slowly}; create trigger slowly before insert on tasks for each row execute function slowly()`)
    const { status, ms } = await target.ask('POST', '/api/batch', { as: 'eve', body: { operations } })
    expect(status).to.equal(503)
    expect(ms).to.be.within(9_000, 12_000)
    target.proxy.become({})
    expect(JSON.parse((await target.ask('GET', '/api/tasks', { as: 'eve' })).body).items).to.deep.equal([])
    expect(JSON.parse((await target.ask('GET', '/api/tasks?limit=100', { as: 'bob' })).body).items).to.have.length(100)
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 OPS-05 what comes through only trickles', async () => {
    target.proxy.become({ trickle: 4 })
    const outage = await holdsOut(target, { ready: 'either' })
    target.proxy.become({})
    told('trickle', outage, await recovers(target))
  })

  it('OPS-01 OPS-02 OPS-03 OPS-04 OPS-05 nothing comes through', async () => {
    target.proxy.become({ blackHole: true })
    const outage = await holdsOut(target)
    target.proxy.become({})
    told('black hole', outage, await recovers(target))
  })

  it('OPS-04 connections that lead to nowhere are found out by the first of them', async () => {
    target.proxy.strand()
    told('all open connections stranded', {}, await recovers(target))
  })

  it('OPS-03 OPS-04 all connections are reset, idle and under load', async () => {
    target.proxy.reset()
    told('reset, idle', {}, await recovers(target))
    let isOver = false
    const statuses = new Set<number>()
    const load = Array.from({ length: 16 }, async () => {
      while (!isOver) {
        const { status, ms } = await target.ask('POST', '/api/tasks', { body: { title: 'x' } })
        statuses.add(status)
        expect(ms).to.be.lessThan(2_000)
      }
    })
    for (let count = 0; count < 20; count++) {
      await target.make('between').catch(() => {})
      target.proxy.reset()
    }
    const recovery = await recovers(target)
    isOver = true
    await Promise.all(load)
    expect([...statuses].sort()).to.deep.equal([201, 503])
    told('reset, under load', {}, recovery)
  })

  it('OPS-03 OPS-04 OPS-07 each connection is cut after so many bytes, and a retry settles what became of the write', async () => {
    let cut = 0
    for (let bytes = 1; bytes < 3_000; bytes += figure(7, 97)) {
      const key = randomUUID()
      target.proxy.become({ cutAfter: bytes })
      target.proxy.reset()
      const first = await target.ask('POST', '/api/tasks', { key, body: { title: `cut after ${bytes}` } })
      target.proxy.become({})
      expect([201, 503], first.body).to.include(first.status)
      if (first.status === 503) cut++
      const again = await settled('POST', '/api/tasks', key, { title: `cut after ${bytes}` })
      if (first.status === 201) expect(again.body).to.equal(first.body)
    }
    expect(cut).to.be.greaterThan(5)
    const titles = await titlesOf()
    expect(titles.filter((title) => title.startsWith('cut')).length).to.equal(new Set(titles.filter((title) => title.startsWith('cut'))).size)
    report(`cut: ${cut} writes answered 503, each there once after its retry`)
  })

  it('OPS-07 a retry after a lost reply to the commit finds the same task, 200 times of 200', async () => {
    const count = figure(200, 40)
    for (let at = 0; at < count; at++) {
      const key = randomUUID()
      const isBatch = at % 4 === 3
      // One statement is a transaction of its own; a batch ends with a command.
      target.proxy.become({ loseAnswerTo: isBatch ? /Q\0{3}.commit\0/s : /(?:straight|commit) creation/ })
      const body = isBatch ? { operations: [{ op: 'create', body: { title: `lost ${at}` } }] } : { title: `lost ${at}` }
      const path = isBatch ? '/api/batch' : '/api/tasks'
      const { status } = await target.ask('POST', path, { key, body })
      expect(status).to.equal(503)
      target.proxy.become({})
      const listed: { items: readonly { id: string; title: string }[] } = JSON.parse((await settledRead('/api/tasks?limit=1')).body)
      const again = JSON.parse((await settled('POST', path, key, body)).body)
      const { id, version } = isBatch ? again.results[0].task : again
      expect([listed.items[0]?.id, listed.items[0]?.title, version]).to.deep.equal([id, `lost ${at}`, 1])
    }
    expect(target.proxy.lost).to.equal(count)
    const titles = (await titlesOf()).filter((title) => title.startsWith('lost'))
    expect([titles.length, new Set(titles).size]).to.deep.equal([count, count])
    report(`lost replies to commits: ${count}, and ${count} retries found the task`)
  })

  async function settled(method: string, path: string, key: string, body: unknown) {
    for (let tries = 0; tries < 50; tries++) {
      const answer = await target.ask(method, path, { key, body })
      if (answer.status < 300) return answer
      expect(answer.status, answer.body).to.equal(503)
    }
    throw new Error('never settled')
  }

  async function settledRead(path: string) {
    for (let tries = 0; tries < 50; tries++) {
      const answer = await target.ask('GET', path)
      if (answer.status === 200) return answer
    }
    throw new Error('never read')
  }

  async function titlesOf(): Promise<readonly string[]> {
    const titles: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { items: readonly { title: string }[]; nextCursor: string | null } = JSON.parse(
        (await settledRead(`/api/tasks?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`)).body,
      )
      titles.push(...page.items.map(({ title }) => title))
      cursor = page.nextCursor
    }
    return titles
  }
})

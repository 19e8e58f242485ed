import { expect } from 'chai'
import { describe, it } from 'mocha'
import { openServer } from '../../src/adapters/postgres/server.ts'
import { portsOver } from '../builders.ts'
import { freshOnOwnServer } from '../databases.ts'
import { Messages, openRelay } from '../relay.ts'
import { Client } from './client.ts'
import { EventSource } from './event-source.ts'

/** Of PostgreSQL's message types the one that tells a client what it listens for. */
const NOTIFICATION = 'A'

describe('the feed, live, behind a pooler of transactions', function () {
  this.timeout(60_000)

  it('LIVE-09 where no notification comes through, a stream tells of another process’s changes within a second or so', async () => {
    const { url, drop } = await freshOnOwnServer()
    const dropped: string[] = []
    const pooler = await openRelay(() => [Number(new URL(url).port)], {
      toClient: () =>
        new Messages('server', (type) => {
          if (type === NOTIFICATION) dropped.push(type)
          return type !== NOTIFICATION
        }),
    })
    const behind = new URL(url)
    behind.port = String(pooler.port)
    const databases = await Promise.all([openServer({ url, pool: 2 }), openServer({ url: behind.href, pool: 2 })] as const)
    await databases[0].migrate()
    const writing = new Client({ ports: portsOver(databases[0].tasks) })
    const streaming = new Client({ ports: portsOver(databases[1].tasks) })
    await Promise.all([writing.listen(), streaming.listen()])
    const source = new EventSource(streaming.port, '?since=0')
    try {
      await source.until(() => source.events.length === 1)
      for (let n = 1; n <= 4; n++) {
        await writing.make({ title: `number ${n}` })
        const began = Date.now()
        await source.until(() => source.changes.length === n)
        // A look each second, and what a busy machine adds.
        expect(Date.now() - began).to.be.lessThan(1_600)
      }
      expect(source.changes.map(({ seq, task }) => [seq, task.title])).to.deep.equal([1, 2, 3, 4].map((n) => [n, `number ${n}`]))
      // Else it would not be the looks that told.
      expect(dropped).to.have.property('length').greaterThan(0)
    } finally {
      source.close()
      await Promise.all([writing.stop(), streaming.stop()])
      await Promise.all(databases.map((database) => database.close()))
      await pooler.close()
      await drop()
    }
  })
})

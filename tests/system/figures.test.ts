import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { freshDatabase } from '../databases.ts'
import { cleanUp, startServer, tokenOf } from './process.ts'

describe('figures of a server', function () {
  this.timeout(60_000)
  afterEach(cleanUp)

  for (const WORKERS of ['1', '2']) {
    it(`FIG-02 with WORKERS ${WORKERS} tell the streams that are open, the requests in flight and the connections`, async () => {
      const { url, drop } = await freshDatabase()
      try {
        const server = await startServer({ DATABASE_URL: url, METRICS_TOKEN: 'figures', WORKERS })
        const figures = async (): Promise<readonly string[]> => {
          const answer = await fetch(`${server.url}/api/metrics`, { headers: { authorization: 'Bearer figures' } })
          return (await answer.text()).split('\n')
        }
        const closing = new AbortController()
        const headers = { authorization: `Bearer ${tokenOf(server)}`, accept: 'text/event-stream' }
        const streams = [0, 1, 2].map(() => fetch(`${server.url}/api/changes?since=0`, { headers, signal: closing.signal }))
        for (const { status } of await Promise.all(streams)) expect(status).to.equal(200)
        const lines = await figures()
        expect(lines).to.include.members(['taskward_streams_open 3', 'taskward_requests_in_flight 0', 'taskward_database_waiting 0'])
        const idle = lines.find((line) => line.startsWith('taskward_database_connections{state="idle"}'))
        expect(Number(idle?.split(' ')[1])).to.be.within(1, 10)
        closing.abort()
      } finally {
        await cleanUp()
        await drop()
      }
    })
  }
})

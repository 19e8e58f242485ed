import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { allIds, type Client, createClient, startWriting } from './client.ts'
import { cleanUp, freshDirectory, LONG, MAIN, openedDirectory, run, type Server, start, startServer, tokenOf } from './process.ts'

const TRIES = LONG ? 20 : 2
/** Milliseconds that a server without a directory takes to open on a machine that does nothing else. */
const UNHINDERED = 500
const PROMPT = 2_000

const clientOf = (server: Server): Client => createClient(server.url, tokenOf(server))

async function kill(server: Server): Promise<void> {
  server.signal('SIGKILL')
  await server.ended
}

/** In milliseconds, for the title's sake in the report. */
const told = (what: string, figures: readonly number[]): void =>
  void process.stdout.write(`      ${what}: ${figures.map((ms) => Math.round(ms)).join(', ')} ms\n`)

describe('an embedded data directory', function () {
  this.timeout(LONG ? 600_000 : 120_000)
  afterEach(cleanUp)

  it('RUN-03 RUN-04 is held by one server, and taken over after kill -9 with nothing lost', async () => {
    const DATA_DIR = freshDirectory()
    const rows = new Set<string>()
    const refusals: number[] = []
    const openings: number[] = []
    for (let round = 0; round < TRIES; round++) {
      const holder = await startServer({ DATA_DIR })
      openings.push(holder.opened)
      const client = clientOf(holder)
      expect((await allIds(client)).size, `round ${round}`).to.equal(rows.size)

      const second = await run(MAIN, { DATA_DIR, PORT: '0' })
      expect([second.code, second.stdout]).to.deep.equal([1, ''])
      expect(second.stderr).to.match(/^cannot start: DATA_DIR .*another.*\n$/)
      expect(second.ms).to.be.lessThan(PROMPT)
      refusals.push(second.ms)

      const answer = await client.send('POST', '/api/tasks', { title: `after refusal ${round}` })
      expect(answer).to.include({ status: 201 })
      for (const id of await allIds(client)) rows.add(id)
      client.close()
      await kill(holder)
    }
    const last = await startServer({ DATA_DIR })
    const client = clientOf(last)
    expect([...(await allIds(client))].sort()).to.deep.equal([...rows].sort())
    expect(rows.size).to.equal(TRIES)
    client.close()
    told('second server refused after', refusals)
    told('opened after', openings)
  })

  it('RUN-03 goes to one of two servers that start at the same moment', async () => {
    const DATA_DIR = await openedDirectory()
    for (let round = 0; round < TRIES; round++) {
      const both = [start(MAIN, { DATA_DIR, PORT: '0' }), start(MAIN, { DATA_DIR, PORT: '0' })]
      const loser = await Promise.race(both.map((one) => one.ended.then(() => one)))
      const winner = both.find((one) => one !== loser)
      await winner?.printed(/^listening on/m)
      expect((await loser.ended).stderr).to.match(/^cannot start: DATA_DIR .*another.*\n$/)
      winner?.signal('SIGTERM')
      expect((await winner?.ended)?.code).to.equal(0)
    }
  })

  it('RUN-04 loses no acknowledged write to kill -9, and opens again in 2 s', async () => {
    const DATA_DIR = await openedDirectory()
    const acknowledged = new Set<string>()
    const openings: { readonly opened: number; readonly beside: number }[] = []
    for (let round = 0; round <= TRIES; round++) {
      const server = await startServer({ DATA_DIR })
      // A server that opens no directory tells how much slower this machine is right now than one with nothing else to do.
      if (round > 0) openings.push({ opened: server.opened, beside: (await startServer({ DATABASE_URL: 'memory:' })).opened })
      const client = clientOf(server)
      const there = await allIds(client)
      expect(
        [...acknowledged].filter((id) => !there.has(id)),
        `round ${round}`,
      ).to.deep.equal([])
      if (round === TRIES) {
        client.close()
        break
      }
      const writers = startWriting(client, 8)
      await writers.reached(50 + 37 * (round % 5))
      await kill(server)
      await writers.ended
      for (const id of writers.acknowledged) acknowledged.add(id)
      client.close()
    }
    expect(acknowledged.size).to.be.at.least(50 * TRIES)
    const of = (name: 'opened' | 'beside'): readonly number[] => openings.map((opening) => opening[name])
    told(`${acknowledged.size} writes kept, opened after`, of('opened'))
    told('right after each a server without a directory after', of('beside'))
    expect(Math.min(...openings.map(({ opened, beside }) => opened / Math.max(1, beside / UNHINDERED)))).to.be.lessThan(PROMPT)
  })

  it('RUN-03 is not locked by a server that keeps its tasks elsewhere', async () => {
    const DATA_DIR = await openedDirectory()
    const servers = [
      await startServer({ DATA_DIR }),
      await startServer({ DATA_DIR, DATABASE_URL: 'memory:' }),
      await startServer({ DATA_DIR, DATABASE_URL: 'memory:' }),
    ]
    for (const server of servers) {
      const client = clientOf(server)
      expect(await client.send('GET', '/api/tasks')).to.include({ status: 200 })
      client.close()
    }
  })
})

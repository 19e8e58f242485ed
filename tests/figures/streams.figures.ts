import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { figure } from '../contracts/opened-store.ts'
import { type FreshDatabase, freshDatabase } from '../databases.ts'
import { cleanUp, LONG, type Server, startServer } from '../system/process.ts'
import { MEASURED, median, processorOf, quantile, residentOf, told } from './measuring.ts'
import { createCreator, each, openStream, type Stream } from './streams.ts'

/** As many as one owner may have. */
const OF_ONE = 10

const ownersOf = (count: number, name = 'owner'): readonly string[] => Array.from({ length: count }, (_, at) => `${name}-${at}`)

async function openStreams(server: Server, owners: readonly string[], hear: (title: string) => void, failures: string[]): Promise<readonly Stream[]> {
  const url = new URL(server.url)
  const streams: Stream[] = []
  await each(owners, 100, async (owner) => void streams.push(await openStream(url, owner, hear, (what) => void failures.push(what))))
  return streams
}

describe('live streams, measured', function () {
  this.timeout(LONG ? 300_000 : 60_000)
  let database: FreshDatabase

  before(async () => {
    database = await freshDatabase()
  })
  afterEach(cleanUp)
  after(() => database.drop())

  it('LIVE-01 LIVE-07 many streams in one process hear of writes at once', () => eventsArrive('memory:', figure(10_000, 500), figure(500, 100), 1_000))

  it('LIVE-01 LIVE-07 LIVE-09 streams hear of writes at once with a database', () =>
    eventsArrive(database.url, figure(10_000, 500), figure(500, 100), LONG ? 250 : 1_000))

  /** @param most milliseconds, of 99 events in 100; as told they are far fewer where the machine has nothing else to do */
  async function eventsArrive(url: string, count: number, rate: number, most: number): Promise<void> {
    const seconds = figure(20, 3)
    const server = await startServer({ ...MEASURED, DATABASE_URL: url, MAX_STREAMS: '20000' })
    const owners = ownersOf(count / OF_ONE)
    const creator = createCreator(new URL(server.url), 64)
    const failures: string[] = []
    const begun = new Map<string, number>()
    const ways: number[] = []
    const hear = (title: string): void => void ways.push(performance.now() - (begun.get(title) ?? Number.NaN))
    try {
      // What a process takes to be warm is no stream's.
      await each(owners.slice(0, 200), 16, (owner) => creator.create(owner, 'before'))
      for (const stream of await openStreams(server, owners.slice(0, 200), () => {}, failures)) stream.close()
      const without = residentOf(server.pid)
      await openStreams(server, repeated(owners, OF_ONE), hear, failures)
      const taken = (residentOf(server.pid) - without) / count / 1_000
      const used = processorOf(server.pid)
      await paced(rate, seconds, async (at) => {
        const title = `write ${at}`
        begun.set(title, performance.now())
        await creator.create(owners[(at * 7) % owners.length] ?? '', title).catch(({ message }: Error) => failures.push(message))
      })
      const expected = rate * seconds * OF_ONE
      await until(() => ways.length >= expected)
      told(`${count} streams, ${taken.toFixed(1)} KB each; ${rate} writes a second for ${seconds} s: ${ways.length} events of ${expected}`)
      told(`from a write's beginning to its event: ${[0.5, 0.99, 1].map((part) => quantile(ways, part).toFixed(1)).join(', ')} ms (p50, p99, most)`)
      told(`processor time of the server: ${(processorOf(server.pid) - used).toFixed(1)} s`)
      expect(failures).to.deep.equal([])
      expect(ways).to.have.length(expected)
      expect(quantile(ways, 0.99)).to.be.lessThan(most)
    } finally {
      creator.close()
    }
  }

  it('LIVE-01 creating goes on with streams of others open', async () => {
    const seconds = LONG ? 3 : 1
    const server = await startServer({ ...MEASURED, DATABASE_URL: database.url })
    const creator = createCreator(new URL(server.url), 8)
    const failures: string[] = []
    /** Creates a second, by a hundred owners, of whom those given have streams. */
    const throughput = async (streaming: readonly string[]): Promise<number> => {
      const streams = await openStreams(server, streaming, () => {}, failures)
      const end = performance.now() + seconds * 1_000
      let done = 0
      await each([0, 1, 2, 3, 4, 5, 6, 7], 8, async (first) => {
        for (let at = first; performance.now() < end; at += 8, done++) await creator.create(`owner-${at % 100}`, 'x')
      })
      for (const stream of streams) stream.close()
      return done / seconds
    }
    try {
      await throughput([])
      const silent: number[] = []
      const hearing: number[] = []
      for (let round = 0; round < (LONG ? 5 : 2); round++) {
        const none = await throughput([])
        silent.push((await throughput(repeated(ownersOf(10, 'other'), OF_ONE))) / none)
        hearing.push((await throughput(ownersOf(100))) / none)
      }
      for (const [what, ratios] of [
        ['of others', silent],
        ['each told of what its owner creates', hearing],
      ] as const) {
        told(`creating with 100 streams ${what}, against none: ${median(ratios).toFixed(2)} of ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}`)
      }
      expect(failures).to.deep.equal([])
      expect(median(silent)).to.be.at.least(0.5)
    } finally {
      creator.close()
    }
  })
})

async function until(isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!isDone() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
}

const repeated = (owners: readonly string[], times: number): readonly string[] => owners.flatMap((owner) => new Array<string>(times).fill(owner))

/** Begins so many a second, whether the ones before are done or not, and waits for all. */
function paced(rate: number, seconds: number, work: (at: number) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const all: Promise<void>[] = []
    const timer = setInterval(() => {
      const due = Math.min(rate * seconds, Math.floor(((performance.now() - begun) / 1_000) * rate))
      while (all.length < due) all.push(work(all.length))
      if (all.length < rate * seconds) return
      clearInterval(timer)
      Promise.all(all).then(() => resolve(), reject)
    }, 5)
  })
}

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { createIds } from '../../src/adapters/system/ids.ts'
import { portsOver } from '../builders.ts'
import { storesUnderTest } from '../databases.ts'
import { byteStreams } from '../http/byte-streams.ts'
import { Client } from '../http/client.ts'
import { flood } from '../http/flooding.ts'
import { fuzz } from '../http/fuzzing.ts'
import { validRequests } from '../http/generated.ts'
import { mutatedRequests } from '../http/mutated.ts'
import { report } from './report.ts'

/** Requests by store. What the memory store holds is memory; the other one keeps it elsewhere, so there growth is measured. */
const REQUESTS: readonly (readonly [name: string, requests: number])[] = [
  ['memory', 20_000],
  ['PostgreSQL', 80_000],
]
const WARM_UP = 5_000
const STREAMS = 20_000
/** Requests that are made at a time: all of them would be the memory that is measured. */
const PORTION = 1_000
const GROWTH = 20_000_000
const seed = Number(process.env['TASKWARD_SEED'] ?? Date.now() % 2 ** 31)

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Bytes that are still reachable. */
function reachable(): number {
  for (let times = 0; times < 3; times++) collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Sends so many, half of them tampered with. @returns how many of each status were answered */
async function fuzzInPortions(
  api: Client,
  count: number,
  from: number,
): Promise<{ readonly carriedOut: number; readonly statuses: ReadonlyMap<number, number> }> {
  const statuses = new Map<number, number>()
  let carriedOut = 0
  for (let done = 0; done < count; done += PORTION) {
    const half = { numRuns: PORTION / 2, seed: from + done }
    const tampered = fc.sample(mutatedRequests, half)
    const outcome = await fuzz(
      api,
      fc.sample(validRequests, half).flatMap((valid, at) => [valid, ...tampered.slice(at, at + 1)]),
      16,
    )
    carriedOut += outcome.carriedOut
    for (const [status, times] of outcome.statuses) statuses.set(status, (statuses.get(status) ?? 0) + times)
    // What was told is not kept: in a server it goes to the log.
    api.told.length = 0
  }
  return { carriedOut, statuses }
}

function openStore(name: string) {
  const found = storesUnderTest.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no store ${name}`)
  return found.open()
}

const listed = (statuses: ReadonlyMap<number, number>): string =>
  [...statuses]
    .sort(([one], [other]) => one - other)
    .map(([status, times]) => `${status} ${times}`)
    .join(', ')

describe('requests made from openapi.yaml, many', function () {
  this.timeout(900_000)
  for (const [name, requests] of REQUESTS) {
    it(`SEC-03 DOC-05 HTTP-08 ${name}: ${requests} are answered as the document says, none with a fault of our own (seed ${seed})`, async () => {
      const { store, close } = await openStore(name)
      const ports = { tasks: store, clock: systemClock, ids: createIds(), quota: { tasks: 2_000, bytes: 2e7 }, underWay: new Set<string>() }
      const api = new Client({ ports, settings: { metricsToken: 'token' } })
      await api.listen()
      try {
        await fuzzInPortions(api, WARM_UP, seed)
        const before = reachable()
        const began = performance.now()
        const { carriedOut, statuses } = await fuzzInPortions(api, requests, seed + WARM_UP)
        const growth = reachable() - before
        report(
          `${name}: ${requests} requests in ${Math.round((performance.now() - began) / 1000)} s, ${carriedOut} carried out, reachable memory ${(growth / 1e6).toFixed(1)} MB more`,
        )
        report(`by status: ${listed(statuses)}`)
        expect(carriedOut).to.be.greaterThan(requests / 8)
        if (name === 'PostgreSQL') expect(growth).to.be.lessThan(GROWTH)
      } finally {
        await api.stop()
        await close()
      }
    })
  }
})

describe('streams of bytes, many', function () {
  this.timeout(600_000)
  it(`SEC-02 SEC-03 HTTP-09 ${STREAMS} are answered once for each request, and end (seed ${seed})`, async () => {
    const api = new Client({ ports: portsOver(undefined, { tasks: 2_000, bytes: 2e7 }) })
    await api.listen()
    try {
      const began = performance.now()
      const all = new Map<number, number>()
      for (let done = 0; done < STREAMS; done += PORTION) {
        const statuses = await flood(api, fc.sample(byteStreams, { numRuns: PORTION, seed: seed + done }))
        for (const [status, times] of statuses) all.set(status, (all.get(status) ?? 0) + times)
        api.told.length = 0
      }
      report(`${STREAMS} streams in ${Math.round((performance.now() - began) / 1000)} s; answers by status: ${listed(all)}`)
      expect((await api.get('/api/health/live')).status).to.equal(200)
    } finally {
      await api.stop()
    }
  })
})

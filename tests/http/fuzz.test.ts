import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { portsOver } from '../builders.ts'
import { byteStreams } from './byte-streams.ts'
import { serving } from './client.ts'
import { flood } from './flooding.ts'
import { fuzz } from './fuzzing.ts'
import { validRequests } from './generated.ts'
import { mutatedRequests } from './mutated.ts'

const REQUESTS = 1_500
const STREAMS = 300
const seed = Number(process.env['TASKWARD_SEED'] ?? Date.now() % 2 ** 31)

describe('requests made from openapi.yaml', () => {
  it(
    `SEC-03 DOC-05 HTTP-08 ${REQUESTS}, half of them tampered with, are answered as the document says, and none with a fault of our own (seed ${seed})`,
    serving({ ports: portsOver(undefined, { tasks: 50, bytes: 1e6 }), settings: { metricsToken: 'token' } }, async (api) => {
      const half = { numRuns: REQUESTS / 2, seed }
      const tampered = fc.sample(mutatedRequests, half)
      const requests = fc.sample(validRequests, half).flatMap((valid, at) => [valid, ...tampered.slice(at, at + 1)])
      const { sent, carriedOut, refused } = await fuzz(api, requests)
      expect(sent).to.equal(REQUESTS)
      expect(carriedOut).to.be.greaterThan(REQUESTS / 8)
      expect(refused).to.be.greaterThan(REQUESTS / 8)
    }),
  ).timeout(60_000)

  it(
    `SEC-02 SEC-03 HTTP-09 ${STREAMS} streams of bytes are answered once for each request, and end (seed ${seed})`,
    serving({ ports: portsOver(undefined, { tasks: 50, bytes: 1e6 }) }, async (api) => {
      const statuses = await flood(api, fc.sample(byteStreams, { numRuns: STREAMS, seed }))
      for (const status of [200, 201, 400]) expect(statuses.get(status), `answers of ${status}`).to.be.greaterThan(STREAMS / 20)
      expect((await api.get('/api/health/live')).status).to.equal(200)
    }),
  ).timeout(60_000)
})

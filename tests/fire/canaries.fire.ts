import { Agent, request } from 'node:http'
import { expect } from 'chai'
import fc from 'fast-check'
import { afterEach, describe, it } from 'mocha'
import { freshOnOwnServer, runOn, superuserUrl } from '../databases.ts'
import { CANARY, CANARY_SECRET, withCanary, withoutCurrent } from '../http/canary.ts'
import type { Answer } from '../http/client.ts'
import { type Asking, fuzz } from '../http/fuzzing.ts'
import { validRequests } from '../http/generated.ts'
import { mutatedRequests } from '../http/mutated.ts'
import { conforms } from '../openapi.ts'
import { cleanUp, startServer } from '../system/process.ts'
import { report } from './report.ts'

const REQUESTS = 6_000
const METRICS = 'a-token-of-the-metrics'
const seed = Number(process.env['TASKWARD_SEED'] ?? Date.now() % 2 ** 31)

/** Asks a process, over connections that are kept open. */
function asking(url: string, agent: Agent): Asking {
  return {
    ask: (method, path, { as = null, headers = {}, body } = {}) =>
      new Promise((resolve, reject) => {
        const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : undefined
        const all = {
          ...(as !== null && { Authorization: `Bearer ${as}` }),
          ...(bytes !== undefined && { 'Content-Length': Buffer.byteLength(bytes) }),
          ...headers,
        }
        const { hostname, port } = new URL(url)
        const sent = request({ hostname, port, method, path, agent, headers: all }, (response) => {
          const pieces: Buffer[] = []
          response.on('data', (piece: Buffer) => pieces.push(piece)).on('error', reject)
          response.on('end', () => {
            const flat = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]))
            const answer: Answer = { status: response.statusCode ?? 0, headers: flat, body: Buffer.concat(pieces).toString() }
            conforms({ method, path }, answer)
            resolve(answer)
          })
        })
        sent.on('error', reject)
        sent.end(bytes)
      }),
  }
}

/** What happens to the database while requests come; after the last one it is as before. */
const FAULTS = [
  `alter table tasks add constraint fit check (printed not like '%${CANARY}%') not valid`,
  'alter table tasks drop constraint fit',
  'alter table tasks rename to gone',
  'alter table gone rename to tasks',
]

describe('canaries in a process', function () {
  this.timeout(300_000)
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  afterEach(async () => {
    agent.destroy()
    await cleanUp()
  })

  it(`SEC-05 LOG-02 HTTP-07 DOC-06 what ${REQUESTS} requests bring stands in nothing that the process writes, whatever its database does (seed ${seed})`, async () => {
    const { url, drop } = await freshOnOwnServer()
    const server = await startServer({
      DATABASE_URL: url,
      AUTH_SECRET: CANARY_SECRET.toString(),
      LOG_LEVEL: 'trace',
      METRICS_TOKEN: METRICS,
    })
    const problems: string[] = []
    const look = ({ status, body }: Answer): boolean => {
      if (status >= 400 && body !== '') problems.push(withoutCurrent(body))
      return false
    }
    const api = asking(server.url, agent)
    const statuses = new Map<number, number>()
    const portion = REQUESTS / (FAULTS.length + 2)
    for (const [nth, fault] of [undefined, ...FAULTS, 'connections'].entries()) {
      const half = { numRuns: portion / 2, seed: seed + nth }
      const requests = [...fc.sample(validRequests, half), ...fc.sample(mutatedRequests, half)].map(withCanary)
      const ends = `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'ordinary'`
      const asked = fuzz(api, requests, 8, look)
      if (fault === 'connections') await runOn(await superuserUrl(), ends)
      else if (fault !== undefined) await runOn(url, fault)
      for (const [status, times] of (await asked).statuses) statuses.set(status, (statuses.get(status) ?? 0) + times)
    }
    const metrics = await api.ask('GET', '/api/metrics', { as: METRICS })
    server.signal('SIGTERM')
    const { code, stdout, stderr } = await server.ended
    await drop()
    report(`${REQUESTS} requests, ${problems.length} problems, ${stderr.split('\n').length} lines; by status: ${JSON.stringify(Object.fromEntries(statuses))}`)
    expect(code).to.equal(0)
    for (const status of [200, 201, 400, 401, 404, 422, 500]) expect(statuses.get(status), `answers of ${status}`).to.be.greaterThan(20)
    expect(problems.filter((body) => body.includes(CANARY)).slice(0, 3)).to.deep.equal([])
    expect(metrics.status).to.equal(200)
    expect(metrics.body).to.not.include(CANARY)
    const lines = `${stdout}${stderr}`.split('\n')
    expect(lines.length).to.be.greaterThan(REQUESTS)
    expect(lines.filter((line) => line.includes(CANARY)).slice(0, 3)).to.deep.equal([])
  })
})

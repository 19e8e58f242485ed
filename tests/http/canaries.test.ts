import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { secretKeys } from '../../src/adapters/jwt/keys.ts'
import { createVerifier } from '../../src/adapters/jwt/verifier.ts'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { logTo } from '../../src/adapters/system/log.ts'
import { createMetrics } from '../../src/adapters/system/metrics.ts'
import { type OwnedTasks, type TaskStore, Unavailable } from '../../src/application/ports.ts'
import { portsOver } from '../builders.ts'
import { CANARY, CANARY_SECRET, withCanary, withoutCurrent } from './canary.ts'
import { type Answer, type Client, serving } from './client.ts'
import { fuzz } from './fuzzing.ts'
import { validRequests } from './generated.ts'
import { mutatedRequests } from './mutated.ts'

const REQUESTS = 800
const seed = Number(process.env['TASKWARD_SEED'] ?? Date.now() % 2 ** 31)

/** The faults of a database, as `pg` tells them: with the row in `detail`, and with values in quotes. */
const FAULTS = [
  () =>
    Object.assign(new Error('new row for relation "tasks" violates check constraint "fit"'), {
      code: '23514',
      detail: `Failing row contains (ada, ${CANARY}).`,
    }),
  () =>
    Object.assign(new Error(`invalid input syntax for type json: "${CANARY}"`), { code: '22P02', where: `JSON data, line 1: ${CANARY}`, parameters: [CANARY] }),
  () => new Unavailable('database', { cause: Object.assign(new Error(`terminating connection: "${CANARY}"`), { code: '57P01', query: CANARY }) }),
]

/** A store of which every seventh use fails. */
function failing(store: TaskStore): TaskStore {
  let uses = 0
  const get = (target: OwnedTasks, name: string | symbol): unknown => {
    const method: unknown = Reflect.get(target, name)
    if (typeof method !== 'function') return method
    const fault = FAULTS[Math.floor(++uses / 7) % FAULTS.length]
    return uses % 7 === 0 && fault !== undefined ? () => Promise.reject(fault()) : method.bind(target)
  }
  return { of: (owner) => new Proxy(store.of(owner), { get }) }
}

/** Everything that was told, as the log and the metrics have it. */
async function toldOf(api: Client): Promise<string> {
  const lines: string[] = []
  const log = logTo({ write: (line: string) => void lines.push(line) }, 'trace')
  const metrics = createMetrics()
  for (const observation of api.told) {
    log(observation)
    metrics.tell(observation)
  }
  expect(lines).to.have.length(api.told.length)
  return `${lines.join('')}${await metrics.print()}`
}

describe('canaries', () => {
  const verifier = createVerifier({
    keys: secretKeys(CANARY_SECRET),
    algorithms: ['HS256'],
    issuer: undefined,
    audience: undefined,
    maxAge: 86_400,
    clock: Date.now,
  })

  it(
    `SEC-05 LOG-02 HTTP-07 DOC-06 what ${REQUESTS} requests bring, faults of the database among them, stands in no line, figure or problem (seed ${seed})`,
    serving({ verifier, ports: portsOver(failing(createMemoryStore())) }, async (api) => {
      const half = { numRuns: REQUESTS / 2, seed }
      const requests = [...fc.sample(validRequests, half), ...fc.sample(mutatedRequests, half)].map(withCanary)
      const problems: string[] = []
      const look = ({ status, body }: Answer): boolean => {
        if (status >= 400 && body !== '') problems.push(withoutCurrent(body))
        return false
      }
      const { statuses } = await fuzz(api, requests, 8, look)
      for (const status of [200, 201, 400, 401, 404, 422, 500, 503]) expect(statuses.get(status), `answers of ${status}`).to.be.greaterThan(2)
      expect(problems.filter((body) => body.includes(CANARY))).to.deep.equal([])
      expect((await api.get('/api/tasks', { as: null })).status).to.equal(401)
      expect((await toldOf(api)).split('\n').filter((line) => line.includes(CANARY))).to.deep.equal([])
      expect(api.told.filter(({ kind }) => kind === 'failed'))
        .to.have.property('length')
        .greaterThan(20)
    }),
  ).timeout(60_000)
})

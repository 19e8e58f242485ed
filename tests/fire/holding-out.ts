import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Asking, Holding, Target, Timed } from './target.ts'

type Needing = readonly [method: string, path: (of: Holding) => string, body?: unknown]

/** Every kind of read, of a task that is there and one in the trash. */
const READS: readonly Needing[] = [
  ['GET', () => '/api/tasks'],
  ['GET', ({ task }) => `/api/tasks/${task}`],
  ['GET', ({ task }) => `/api/tasks/${task}/changes`],
  ['GET', () => '/api/tasks/summary'],
  ['GET', () => '/api/changes'],
  ['GET', () => '/api/trash'],
]

/** Every kind of write: as many as there are connections, and one more. */
const WRITES: readonly Needing[] = [
  ['POST', () => '/api/tasks', { title: 'x' }],
  ['PUT', ({ task }) => `/api/tasks/${task}`, { title: 'x' }],
  ['PATCH', ({ task }) => `/api/tasks/${task}`, { title: 'x' }],
  ['PUT', ({ task }) => `/api/tasks/${task}/completion`],
  ['DELETE', ({ done }) => `/api/tasks/${done}/completion`],
  ['POST', ({ done }) => `/api/tasks/${done}/reversion`, { version: 1 }],
  ['DELETE', ({ task }) => `/api/tasks/${task}`],
  ['POST', ({ trashed }) => `/api/trash/${trashed}/restoration`],
  ['DELETE', ({ trashed }) => `/api/trash/${trashed}`],
  ['DELETE', () => '/api/trash'],
  ['POST', () => '/api/batch', { operations: [{ op: 'create', body: { title: 'x' } }] }],
]

const NEEDING: readonly Needing[] = [...READS, ...WRITES]

/** What is answered without the database, and with what. */
const KNOWN: readonly (readonly [number, string, string, Asking?])[] = [
  [401, 'GET', '/api/tasks', { as: null }],
  [404, 'GET', '/api/nothing'],
  [405, 'PUT', '/api/tasks', { body: { title: 'x' } }],
  [400, 'GET', '/api/tasks/%ff'],
  [400, 'GET', '/api/tasks?limit=101'],
  [400, 'GET', '/api/tasks?cursor=x'],
  [413, 'POST', '/api/tasks', { body: { title: 'x', description: 'x'.repeat(110_000) } }],
  [415, 'POST', '/api/tasks', { body: '{"title":"x"}', headers: { 'content-type': 'text/plain' } }],
  [422, 'POST', '/api/tasks', { body: { title: '' } }],
  [422, 'POST', '/api/batch', { body: { operations: [] } }],
  [200, 'GET', '/api/health/live', { as: null }],
]

/** The slowest answer of each kind, in milliseconds. */
export interface Outage {
  readonly outage: number
  readonly known: number
}

export interface Wanting {
  /** What the database does not do. */
  readonly kinds?: readonly ('reads' | 'writes')[]
  /** What `/api/health/ready` says: a database that answers is there, whatever it does not do. */
  readonly ready?: 200 | 503 | 'either'
}

/** OPS-02: what needs no database is answered as ever. @returns milliseconds of each */
export const knows = (target: Target): Promise<readonly number[]> =>
  Promise.all(
    KNOWN.map(async ([status, method, path, asking]) => {
      const answer = await target.ask(method, path, asking)
      expect(answer.status, `${method} ${path}: ${answer.body}`).to.equal(status)
      return answer.ms
    }),
  )

/** OPS-01: that it may be asked again, within 2 s. */
export function isUnavailable({ status, headers, body, ms }: Timed, where = ''): void {
  expect(status, `${where}: ${body}`).to.equal(503)
  expect(JSON.parse(body).type, where).to.equal('/api/problems/service-unavailable')
  expect(headers.get('retry-after'), where).to.match(/^[1-9]\d*$/)
  expect(ms, where).to.be.lessThan(2_000)
}

/** OPS-01 to OPS-03: how a server answers while its database does not. */
export async function holdsOut(target: Target, { kinds = ['reads', 'writes'], ready = 503 }: Wanting = {}): Promise<Outage> {
  const [outages, known, health] = await Promise.all([allRefused(target, kinds), knows(target), target.ask('GET', '/api/health/ready', { as: null })])
  expect(ready === 'either' ? [200, 503] : [ready]).to.include(health.status)
  expect(target.isEnded).to.equal(false)
  return { outage: Math.max(...outages), known: Math.max(...known) }
}

/** One kind after the other, so that each request has a connection; each is of another owner, as one's own take turns. @returns milliseconds */
async function allRefused(target: Target, kinds: NonNullable<Wanting['kinds']>): Promise<readonly number[]> {
  const all: number[] = []
  for (const kind of kinds) all.push(...(await refused(target, kind === 'reads' ? READS : WRITES)))
  return all
}

const refused = (target: Target, needing: readonly Needing[]): Promise<readonly number[]> =>
  Promise.all(
    needing.map(async (one) => {
      const [method, pathOf, body] = one
      const holding = target.owners[NEEDING.indexOf(one)]
      if (holding === undefined) throw new Error('there is an owner for each')
      const path = pathOf(holding)
      const answer = await target.ask(method, path, { as: holding.owner, body, ...(method !== 'GET' && { key: randomUUID() }) })
      isUnavailable(answer, `${method} ${path}`)
      return answer.ms
    }),
  )

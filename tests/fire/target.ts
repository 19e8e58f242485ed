import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { MEASURED, tokenFor } from '../figures/measuring.ts'
import { type Environment, type Server, startServer } from '../system/process.ts'
import { TcpProxy } from './proxy.ts'

/** What was answered, and in how many milliseconds. */
export interface Timed {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  readonly ms: number
}

export interface Asking {
  readonly as?: string | null
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What is no text goes out as JSON, with its type. */
  readonly body?: unknown
}

/** A server of ours whose database is reached through a proxy. */
export class Target {
  readonly server: Server
  readonly proxy: TcpProxy
  /** Set once the process has ended, whatever it ended with. */
  isEnded = false
  /** A task of Ada's, and one in her trash. */
  task = ''
  trashed = ''

  private constructor(server: Server, proxy: TcpProxy) {
    this.server = server
    this.proxy = proxy
    void server.ended.then(() => (this.isEnded = true))
  }

  /** @param database its name, on a server on that port */
  static async start(port: number, database: string, environment: Environment = {}): Promise<Target> {
    const proxy = await TcpProxy.open(port)
    const DATABASE_URL = `postgres://ordinary:ordinary@127.0.0.1:${proxy.port}/${database}`
    const target = new Target(await startServer({ ...MEASURED, LOG_LEVEL: 'fatal', DATABASE_URL, ...environment }), proxy)
    target.task = await target.make()
    target.trashed = await target.make()
    expect((await target.ask('DELETE', `/api/tasks/${target.trashed}`)).status).to.equal(204)
    return target
  }

  async ask(method: string, path: string, { as = 'ada', key, headers = {}, body }: Asking = {}): Promise<Timed> {
    const begun = performance.now()
    const isText = typeof body === 'string' || body === undefined
    const answer = await fetch(`${this.server.url}${path}`, {
      method,
      headers: {
        ...(as !== null && { authorization: `Bearer ${tokenFor(as)}` }),
        ...(!isText && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...headers,
      },
      ...(body !== undefined && { body: isText ? String(body) : JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: text, ms: performance.now() - begun }
  }

  /** A new task. @returns its id */
  async make(title = 'Buy milk', as = 'ada'): Promise<string> {
    const { status, body } = await this.ask('POST', '/api/tasks', { as, body: { title } })
    expect(status, body).to.equal(201)
    return JSON.parse(body).id
  }

  async close(): Promise<void> {
    if (!this.isEnded) this.server.signal('SIGKILL')
    await this.server.ended
    await this.proxy.close()
  }
}

/** Every kind of read, of a task that is there and one in the trash. */
const readsOf = (task: string): readonly string[] => [
  '/api/tasks',
  `/api/tasks/${task}`,
  `/api/tasks/${task}/changes`,
  '/api/tasks/summary',
  '/api/changes',
  '/api/trash',
]

/** Every kind of write. */
const writesOf = (task: string, trashed: string): readonly (readonly [string, string, unknown?])[] => [
  ['POST', '/api/tasks', { title: 'x' }],
  ['PUT', `/api/tasks/${task}`, { title: 'x' }],
  ['PATCH', `/api/tasks/${task}`, { title: 'x' }],
  ['PUT', `/api/tasks/${task}/completion`],
  ['POST', `/api/tasks/${task}/reversion`, { version: 1 }],
  ['DELETE', `/api/tasks/${task}`],
  ['POST', `/api/trash/${trashed}/restoration`],
  ['DELETE', `/api/trash/${trashed}`],
  ['POST', '/api/batch', { operations: [{ op: 'create', body: { title: 'x' } }] }],
]

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

/** OPS-01 to OPS-03: how a server answers while its database does not. */
export async function holdsOut(target: Target, { kinds = ['reads', 'writes'], ready = 503 }: Wanting = {}): Promise<Outage> {
  const { task, trashed } = target
  const needing: readonly (readonly [string, string, unknown?])[] = [
    ...(kinds.includes('reads') ? readsOf(task).map((path) => ['GET', path] as const) : []),
    ...(kinds.includes('writes') ? writesOf(task, trashed) : []),
  ]
  const [outages, known, health] = await Promise.all([
    Promise.all(
      needing.map(async ([method, path, body]) => {
        const key = method === 'GET' ? {} : { key: randomUUID() }
        const answer = await target.ask(method, path, { body, ...key })
        const where = `${method} ${path}: ${answer.body}`
        expect(answer.status, where).to.equal(503)
        expect(JSON.parse(answer.body).type, where).to.equal('/api/problems/service-unavailable')
        expect(answer.headers.get('retry-after'), where).to.match(/^[1-9]\d*$/)
        expect(answer.ms, where).to.be.lessThan(2_000)
        return answer.ms
      }),
    ),
    Promise.all(
      KNOWN.map(async ([status, method, path, asking]) => {
        const answer = await target.ask(method, path, asking)
        expect(answer.status, `${method} ${path}: ${answer.body}`).to.equal(status)
        return answer.ms
      }),
    ),
    target.ask('GET', '/api/health/ready', { as: null }),
  ])
  expect(ready === 'either' ? [200, 503] : [ready]).to.include(health.status)
  expect(target.isEnded).to.equal(false)
  return { outage: Math.max(...outages), known: Math.max(...known) }
}

/** OPS-04: asks, one request after the other, until a write and a read are answered. @returns milliseconds */
export async function recovers(target: Target): Promise<number> {
  const begun = performance.now()
  for (;;) {
    const made = await target.ask('POST', '/api/tasks', { body: { title: 'after the outage' } })
    const read = await target.ask('GET', '/api/tasks?limit=1')
    expect([201, 503]).to.include(made.status, made.body)
    expect([200, 503]).to.include(read.status, read.body)
    const ms = performance.now() - begun
    if (made.status === 201 && read.status === 200) return ms
    expect(ms, 'milliseconds without coming back').to.be.lessThan(5_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

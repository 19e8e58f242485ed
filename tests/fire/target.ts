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

/** As many as there are kinds of requests that need the database (holding-out.ts). */
export const OWNERS = 17

/** One owner's three tasks: an open one, one that is done, one in the trash. */
export interface Holding {
  readonly owner: string
  readonly task: string
  readonly done: string
  readonly trashed: string
}

/** A server of ours whose database is reached through a proxy. */
export class Target {
  readonly server: Server
  readonly proxy: TcpProxy
  /** Set once the process has ended, whatever it ended with. */
  isEnded = false
  owners: readonly Holding[] = []

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
    target.owners = await Promise.all(Array.from({ length: OWNERS }, (_, at) => target.#hold(`owner-${at}`)))
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

  async #hold(owner: string): Promise<Holding> {
    const [task, done, trashed] = [await this.make('open', owner), await this.make('done', owner), await this.make('trashed', owner)]
    expect((await this.ask('PUT', `/api/tasks/${done}/completion`, { as: owner })).status).to.equal(200)
    expect((await this.ask('DELETE', `/api/tasks/${trashed}`, { as: owner })).status).to.equal(204)
    return { owner, task, done, trashed }
  }

  async close(): Promise<void> {
    if (!this.isEnded) this.server.signal('SIGKILL')
    await this.server.ended
    await this.proxy.close()
  }
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

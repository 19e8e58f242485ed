import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { freshDatabase } from '../databases.ts'
import { cleanUp, type Environment, freshDirectory, type Server, startServer, tokenOf } from './process.ts'
import type { Told } from './spans.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

/** Asks as development mode's user, in the trace. */
const ask = (server: Server, method: string, path: string, body?: unknown) =>
  fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${tokenOf(server)}`, 'content-type': 'application/json', traceparent: `00-${TRACE}-${PARENT}-01` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

describe('traces', function () {
  this.timeout(60_000)
  const undo: (() => Promise<void>)[] = []
  afterEach(async () => {
    await cleanUp()
    for (const step of undo.splice(0)) await step()
  })

  /** What an SDK in a server of these settings is told of some requests, and what the log says of them. */
  async function traced(environment: Environment): Promise<{ readonly spans: readonly Told[]; readonly log: string }> {
    const SPANS = join(freshDirectory(), 'spans')
    const server = await startServer({ SPANS, NODE_OPTIONS: '--import ./tests/system/spans.ts', LOG_LEVEL: 'info', ...environment })
    await ask(server, 'POST', '/api/tasks', { title: 'secret' })
    await ask(server, 'GET', '/api/tasks?q=secret&limit=2')
    await ask(server, 'GET', '/api/tasks/00000000-0000-7000-8000-00000000cafe')
    await ask(server, 'GET', '/api/secret')
    server.signal('SIGTERM')
    const { stderr } = await server.ended
    const lines = readFileSync(SPANS, 'utf8').trim().split('\n')
    expect(lines.pop()).to.equal('{"name":"flushed"}')
    return { spans: lines.map((line) => JSON.parse(line)), log: stderr }
  }

  for (const [name, environment] of [
    [
      'PostgreSQL',
      async () => {
        const { url, drop } = await freshDatabase()
        undo.push(drop)
        return { DATABASE_URL: url }
      },
    ],
    ['the embedded database', async () => ({})],
  ] as const) {
    it(`TRACE-01 TRACE-02 TRACE-03 TRACE-05 on ${name} a request is a span, with one for its use case below it, and below that one for each statement`, async () => {
      const { spans, log } = await traced(await environment())
      const below = (parent: string | undefined): unknown[] =>
        spans.filter((span) => span.parent === parent).map(({ name, id }) => (below(id).length > 0 ? [name, ...below(id)] : name))
      expect(below(PARENT)).to.deep.equal([
        ['POST /api/tasks', ['createTask', 'sql straight creation-1-0-0-0-0-0', 'sql commit creation-1-0-0-0-0-0', 'sql commit creation-1-0-0-0-0-0']],
        ['GET /api/tasks', ['browseTasks', 'sql unnamed']],
        ['GET /api/tasks/:id', ['readTask', 'sql read']],
        'GET',
      ])
      expect(spans.filter(({ trace }) => trace !== TRACE)).to.deep.equal([])
      const missing = spans.find(({ attributes }) => attributes['http.route'] === '/api/tasks/:id')
      expect(missing).to.deep.include({ status: 0 })
      expect(missing?.attributes).to.deep.equal({ 'http.request.method': 'GET', 'http.route': '/api/tasks/:id', 'http.response.status_code': 404 })
      expect(JSON.stringify(spans)).to.not.match(/secret|cafe|demo|select|eyJ/)
      expect(log.match(new RegExp(`"trace":"${TRACE}"`, 'g'))).to.have.length(4)
    })
  }

  it('TRACE-03 a request whose database is away is told as failed, by the kind of fault alone', async () => {
    const SPANS = join(freshDirectory(), 'spans')
    const { url, drop } = await freshDatabase()
    const server = await startServer({ SPANS, NODE_OPTIONS: '--import ./tests/system/spans.ts', LOG_LEVEL: 'silent', DATABASE_URL: url })
    expect((await ask(server, 'GET', '/api/tasks')).status).to.equal(200)
    await drop()
    expect((await ask(server, 'GET', '/api/tasks')).status).to.equal(503)
    const lines: readonly Told[] = readFileSync(SPANS, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.slice(3).map(({ name, status, attributes }) => [name, status, attributes['error.type']])).to.deep.equal([
      ['sql page createdAt down first 20', 2, 'Unavailable'],
      ['browseTasks', 2, 'Unavailable'],
      ['GET /api/tasks', 2, undefined],
    ])
  })
})

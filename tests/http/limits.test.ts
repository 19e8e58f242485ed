import { connect, type Socket } from 'node:net'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { TokenVerifier } from '../../src/application/authentication.ts'
import type { Ports } from '../../src/application/ports.ts'
import { asJson } from '../../src/application/printing.ts'
import { portsOver } from '../builders.ts'
import { type Answer, type Client, FAKE_VERIFIER, problemIn, serving, tokenOf } from './client.ts'

const left = ({ headers }: Answer): number => Number(/^"minute";r=(\d+);t=\d+$/.exec(headers['ratelimit'] ?? '')?.[1] ?? Number.NaN)

async function statuses(count: number, ask: () => Promise<Answer>): Promise<readonly number[]> {
  const found: number[] = []
  for (let at = 0; at < count; at++) found.push((await ask()).status)
  return found
}

const from = (address: string, as: string | null = null) => ({ as, headers: { 'X-Forwarded-For': address } })

describe('limits', () => {
  it(
    'RATE-01 one owner has so many requests a minute by whatever token or address, and no other owner notices',
    serving({ settings: { rateLimit: 3, trustedProxies: 1 } }, async (api) => {
      const tokens = [tokenOf('ada'), tokenOf('ada', 'tasks:read'), tokenOf('ada', 'tasks:read tasks:write')]
      const answers = await Promise.all(tokens.map((as, at) => api.get('/api/tasks', from(`192.0.2.${at}`, as))))
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200])
      const over = await api.get('/api/tasks', from('192.0.2.9', 'ada'))
      expect(problemIn(over)).to.equal('quota-exceeded')
      expect(Number(over.headers['retry-after'])).to.be.within(1, 60)
      expect(problemIn(await api.post('/api/tasks', { title: 'x' }))).to.equal('quota-exceeded')
      expect((await api.get('/api/tasks', { as: 'bob' })).status).to.equal(200)
    }),
  )

  it(
    'RATE-02 requests without a good token are counted by address, and an address over the limit is 429 before its token is looked at',
    serving({ settings: { rateLimit: 3, trustedProxies: 1 } }, async (api) => {
      expect(await statuses(3, () => api.get('/api/tasks', from('192.0.2.1', 'ada')))).to.deep.equal([200, 200, 200])
      const bad = [from('192.0.2.1'), from('192.0.2.1', 'x'.repeat(30)), from('192.0.2.1', tokenOf('ada', undefined, 1))]
      const refused: (string | number)[] = []
      for (const how of bad) refused.push(problemIn(await api.get('/api/tasks', how)))
      expect(refused).to.deep.equal(['missing-token', 'invalid-token', 'invalid-token'])
      const over = await api.get('/api/tasks', from('192.0.2.1'))
      expect([problemIn(over), left(over)]).to.deep.equal(['quota-exceeded', 0])
      expect(problemIn(await api.get('/api/tasks', from('192.0.2.1', 'bob')))).to.equal('quota-exceeded')
      expect((await api.get('/api/tasks', from('192.0.2.2', 'bob'))).status).to.equal(200)
    }),
  )

  it(
    'RATE-02 an IPv6 address is counted by its /64',
    serving({ settings: { rateLimit: 1, trustedProxies: 1 } }, async (api) => {
      expect(await statuses(1, () => api.get('/api/tasks', from('2001:db8:0:1::1')))).to.deep.equal([401])
      for (const same of ['2001:db8:0:1::2', '2001:DB8:0:1:ffff:ffff:ffff:ffff', '2001:0db8:0000:0001:0:0:192.0.2.1']) {
        expect((await api.get('/api/tasks', from(same))).status, same).to.equal(429)
      }
      for (const other of ['2001:db8:0:2::1', '2001:db8::1', '192.0.2.1', '::1']) expect((await api.get('/api/tasks', from(other))).status, other).to.equal(401)
      expect((await api.get('/api/tasks', from('::ffff:192.0.2.1'))).status, 'mapped').to.equal(429)
    }),
  )

  it(
    'RATE-03 every answer to a counted request tells the policy and what is left',
    serving({ settings: { rateLimit: 10 } }, async (api) => {
      const answers = [
        await api.get('/api/tasks'),
        await api.post('/api/tasks', {}),
        await api.get('/api/tasks/x'),
        await api.get('/api/tasks', { as: tokenOf('ada', '') }),
        await api.get('/api/tasks?x=1'),
        await api.delete('/api/tasks/x', { headers: { 'If-Match': '"0"' } }),
      ]
      expect(answers.map(left)).to.deep.equal([9, 8, 7, 6, 5, 4])
      expect(left(await api.get('/api/tasks', { as: null }))).to.equal(9)
      for (const { headers } of answers) expect(headers['ratelimit-policy']).to.equal('"minute";q=10;w=60')
    }),
  )

  it(
    'RATE-03 with 0 nothing is counted, and no header tells of it',
    serving({ settings: { rateLimit: 0 } }, async (api) => {
      const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => api.get('/api/tasks', { as: at % 2 === 0 ? 'ada' : null })))
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200, 401]))
      for (const { headers } of answers) expect(headers).to.not.have.any.keys('ratelimit', 'ratelimit-policy')
    }),
  )

  it(
    'RATE-05 the address is the socket’s, or what the last proxy that is trusted has put into X-Forwarded-For',
    serving({ settings: { rateLimit: 1, trustedProxies: 2 } }, async (api) => {
      expect((await api.get('/api/tasks', from('9.9.9.9, 192.0.2.1, 10.0.0.1'))).status).to.equal(401)
      expect((await api.get('/api/tasks', from('8.8.8.8, 192.0.2.1, 10.0.0.2'))).status, 'what the client wrote counts for nothing').to.equal(429)
      expect((await api.get('/api/tasks', from('192.0.2.2, 10.0.0.1'))).status).to.equal(401)
      expect((await api.get('/api/tasks', from('192.0.2.3'))).status, 'fewer hops than proxies').to.equal(401)
      expect((await api.get('/api/tasks', from('nonsense, 10.0.0.1'))).status, 'the socket’s').to.equal(401)
      expect((await api.get('/api/tasks', { as: null })).status, 'the socket’s').to.equal(429)
    }),
  )

  it(
    'RATE-05 with 0 proxies the header is not believed',
    serving({ settings: { rateLimit: 1, trustedProxies: 0 } }, async (api) => {
      expect((await api.get('/api/tasks', from('192.0.2.1'))).status).to.equal(401)
      expect((await api.get('/api/tasks', from('192.0.2.2'))).status).to.equal(429)
    }),
  )

  /** Ports whose reads wait until they are let go. */
  function waiting(): { readonly ports: Ports; readonly release: () => void } {
    const ports = portsOver()
    const { of } = ports.tasks
    const gate = Promise.withResolvers<void>()
    const held: Ports = {
      ...ports,
      tasks: {
        of: (owner) => {
          const mine = of(owner)
          return {
            ...mine,
            page: (query) => gate.promise.then(() => mine.page(query)),
          }
        },
      },
    }
    return { ports: held, release: gate.resolve }
  }

  const FREE = ['/api/health/live', '/api/health/ready', '/api/docs', '/api/docs/page.css', '/api/openapi.json', '/api/problems/not-found']

  it('RATE-04 RATE-06 beyond so many at once the answer is 503 with Retry-After, but for health, documents and metrics', async () => {
    const { ports, release } = waiting()
    await serving({ ports, settings: { maxInFlight: 2, metricsToken: 'figures' } }, async (api: Client) => {
      const held = [api.get('/api/tasks'), api.get('/api/tasks')]
      // Another is refused once both are in.
      let refused = await api.get('/api/tasks/x')
      for (let tries = 0; tries < 100 && refused.status !== 503; tries++) refused = await api.get('/api/tasks/x')
      expect([problemIn(refused), refused.headers['retry-after']]).to.deep.equal(['temporary-reduced-capacity', '1'])
      expect(problemIn(await api.get('/api/nope')), 'before the route is looked at').to.equal('temporary-reduced-capacity')
      for (const path of FREE) expect((await api.get(path, { as: null })).status, path).to.equal(200)
      expect((await api.get('/api/metrics', { as: null, headers: { Authorization: 'Bearer figures' } })).status).to.equal(200)
      release()
      expect((await Promise.all(held)).map(({ status }) => status)).to.deep.equal([200, 200])
      expect((await api.get('/api/tasks')).status).to.equal(200)
    })()
  })

  it(
    'RATE-06 a request whose body was cut short, or cannot be read, gives its place back',
    serving({ settings: { maxInFlight: 1 } }, async (api) => {
      const post = `POST /api/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokenOf('ada')}\r\nContent-Type: application/json\r\n`
      for (const [bytes, fin] of [
        [`${post}Content-Length: 13\r\n\r\n{"ti`, true],
        [`${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, false],
      ] as const) {
        expect(await api.raw(bytes, { fin })).to.match(/^HTTP\/1.1 400 /)
        // The connection may close a moment before the server knows.
        let after = await api.get('/api/tasks')
        for (let tries = 0; tries < 100 && after.status !== 200; tries++) after = await api.get('/api/tasks')
        expect(after.status, bytes.slice(-20)).to.equal(200)
      }
    }),
  )

  it('RATE-06 a request whose client leaves while its token is looked at gives its place back', async () => {
    for (const [method, bytes] of [
      ['POST', '{"title":"x"}'],
      ['DELETE', '{"title":"x"}'],
      ['DELETE', '{'],
    ] as const) {
      const [asked, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const verifier: TokenVerifier = {
        ...FAKE_VERIFIER,
        async verify(token) {
          asked.resolve()
          await gone.promise
          return FAKE_VERIFIER.verify(token)
        },
      }
      await serving({ settings: { maxInFlight: 1 }, verifier }, async (api: Client) => {
        api.server.servers[0].once('connection', (socket) => socket.once('close', () => setImmediate(gone.resolve)))
        const socket = connect(api.port, '127.0.0.1').on('error', () => {})
        const path = method === 'POST' ? '/api/tasks' : '/api/trash'
        socket.write(
          `${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokenOf('ada')}\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n${bytes}`,
        )
        await asked.promise
        socket.resetAndDestroy()
        await gone.promise
        let after = await api.get('/api/tasks')
        for (let tries = 0; tries < 100 && after.status !== 200; tries++) after = await api.get('/api/tasks')
        expect(after.status, `${method} ${bytes}`).to.equal(200)
      })()
    }
  })

  it('OPS-21 who does not read what was answered gets no more of it, until it has read or gone; nobody else notices', async () => {
    const ports = portsOver()
    const { of } = ports.tasks
    const page = async () => ({ items: asJson<readonly never[]>(`[${' '.repeat(5_000_000)}]`), next: undefined, seq: 0 })
    const heavy: Ports = { ...ports, tasks: { of: (owner) => ({ ...of(owner), page }) } }
    await serving({ ports: heavy }, async (api: Client) => {
      const unread = async (): Promise<Socket> => {
        const socket = connect(api.port, '127.0.0.1').pause()
        const answered = (): number => api.told.filter(({ kind }) => kind === 'answered').length
        const all = answered() + 8
        socket.on('error', () => {}).write(`GET /api/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokenOf('ada')}\r\n\r\n`.repeat(8))
        while (answered() < all) await new Promise(setImmediate)
        return socket
      }
      const served = async (): Promise<number> => {
        let status = 503
        for (let tries = 0; tries < 200 && status !== 200; tries++) status = (await api.get('/api/tasks')).status
        return status
      }
      const first = await unread()
      const refused = await api.get('/api/tasks')
      expect([problemIn(refused), refused.headers['retry-after']]).to.deep.equal(['temporary-reduced-capacity', '1'])
      expect((await api.get('/api/health/live')).status).to.equal(200)
      expect((await api.post('/api/tasks', { title: 'small' })).status).to.equal(201)
      expect((await api.get('/api/tasks', { as: 'bob' })).status).to.equal(200)
      first.resume()
      expect(await served(), 'once it has read').to.equal(200)
      for (let time = 1; time <= 3; time++) {
        const gone = await unread()
        expect((await api.get('/api/tasks')).status).to.equal(503)
        gone.destroy()
        expect(await served(), `once it has gone, for the time ${time}`).to.equal(200)
      }
      first.destroy()
    })()
  })

  it(
    'RATE-04 health and documents are not counted',
    serving({ settings: { rateLimit: 1 } }, async (api) => {
      await api.get('/api/tasks', { as: null })
      expect((await api.get('/api/tasks', { as: null })).status).to.equal(429)
      for (const path of FREE) {
        const answer = await api.get(path, { as: null })
        expect([answer.status, answer.headers['ratelimit']], path).to.deep.equal([200, undefined])
      }
    }),
  )
})

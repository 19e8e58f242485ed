import { createServer, type Server as HttpServer } from 'node:http'
import { setInterval } from 'node:timers/promises'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { edPair, encodeJson, jwkOf, type Pair, tokenOf } from '../adapters/jwt/tokens.ts'
import { createClient } from '../system/client.ts'
import { cleanUp, type Server, startServer } from '../system/process.ts'
import { report } from './report.ts'

const ROTATIONS = 20
/** Milliseconds. */
const BETWEEN = 6_300
const TICK = 20
const STRANGERS = 10_000
/** So many in a second, so that each mood of the issuer lasts for some pauses. */
const RATE = 250
const PAUSE = 5_000
const DELAY = 100

const MOODS = ['up', 'down', 'hanging'] as const

interface Key {
  readonly kid: string
  readonly pair: Pair
}

/** An issuer on loopback that publishes what the test says, is down, or hangs; it notes when it is asked. */
async function startIssuer() {
  const asked: number[] = []
  const state = { published: [] as readonly Key[], mood: 'up' as (typeof MOODS)[number], asked }
  const server: HttpServer = createServer((request, response) => {
    asked.push(performance.now())
    if (state.mood === 'down') request.socket.destroy()
    if (state.mood === 'up') response.end(JSON.stringify({ keys: state.published.map(({ kid, pair }) => jwkOf(pair, { kid })) }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { state, url, stop }
}

type Issuer = Awaited<ReturnType<typeof startIssuer>>

const newKey = (): Key => ({ kid: crypto.randomUUID(), pair: edPair() })

function tokenBy({ kid, pair }: Key, issuer: Issuer): string {
  const iat = Math.floor(Date.now() / 1000)
  // Another one each time, so that none is remembered.
  return tokenOf(pair.privateKey, { sub: 'ada', iss: issuer.url, aud: 'tasks', iat, exp: iat + 600, jti: crypto.randomUUID() }, { alg: 'EdDSA', kid })
}

/** Who waits for an issuer that hangs is in flight for 2 s: the limit of those, which answers 503, is no matter of this test. */
const serverOf = (issuer: Issuer): Promise<Server> =>
  startServer({ DATABASE_URL: 'memory:', AUTH_JWKS_URL: `${issuer.url}/jwks`, AUTH_ISSUER: issuer.url, AUTH_AUDIENCE: 'tasks', MAX_IN_FLIGHT: '4000' })

/** One request with a token of its own. @returns the status, 0 where there was no answer */
async function statusOf(server: Server, token: string): Promise<number> {
  const client = createClient(server.url, token, 1)
  const exchange = await client.send('GET', '/api/tasks?limit=1')
  client.close()
  return 'failed' in exchange ? 0 : exchange.status
}

const countsOf = (statuses: readonly number[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...new Set(statuses)].map((status) => [status, statuses.filter((one) => one === status).length]))

const shortestOf = (moments: readonly number[]): number => Math.min(...moments.slice(1).map((moment, nth) => moment - (moments[nth] ?? 0)))

describe('keys that change', function () {
  this.timeout(400_000)
  const stops: (() => void)[] = []
  afterEach(async () => {
    for (const stop of stops.splice(0)) stop()
    await cleanUp()
  })

  it(`SEC-06 KEYS-04 KEYS-05 ${ROTATIONS} rotations, ${BETWEEN / 1000} s apart, under 50 requests a second: none is refused`, async () => {
    const issuer = await startIssuer()
    stops.push(issuer.stop)
    const server = await serverOf(issuer)
    issuer.state.published = [newKey()]
    const answers: Promise<number>[] = []
    const began = performance.now()
    let rotations = 0
    for await (const _ of setInterval(TICK)) {
      const due = Math.floor((performance.now() - began) / BETWEEN)
      if (due > ROTATIONS) break
      if (due > rotations) {
        rotations++
        // The key before it is published on: tokens that it signed are still about.
        issuer.state.published = [newKey(), ...issuer.state.published.slice(0, 1)]
      }
      const [newest, older = newest] = issuer.state.published
      // A tick that came late brings what was left out.
      while (newest !== undefined && older !== undefined && answers.length < (performance.now() - began) / TICK) {
        answers.push(statusOf(server, tokenBy(answers.length % 4 === 3 ? older : newest, issuer)))
      }
    }
    const counts = countsOf(await Promise.all(answers))
    const { asked } = issuer.state
    report(
      `${rotations} rotations, ${answers.length} requests: ${JSON.stringify(counts)}; ${asked.length} fetches, the closest ${Math.round(shortestOf(asked))} ms apart`,
    )
    expect(rotations).to.equal(ROTATIONS)
    expect(counts).to.deep.equal({ 200: answers.length })
    expect(shortestOf(asked)).to.be.greaterThan(PAUSE)
  })

  it(`SEC-06 KEYS-03 ${STRANGERS} requests with random kids, the issuer up, down and hanging: at most one fetch in 5 s, and good tokens go on`, async () => {
    const issuer = await startIssuer()
    stops.push(issuer.stop)
    const server = await serverOf(issuer)
    const key = newKey()
    issuer.state.published = [key]
    expect(await statusOf(server, tokenBy(key, issuer))).to.equal(200)
    const strangers: number[] = []
    const good: number[] = []
    const began = performance.now()
    const [, payload, signature] = tokenBy(key, issuer).split('.')
    const sent: Promise<void>[] = []
    const send = async (nth: number): Promise<void> => {
      if (nth % 20 === 0) good.push(await statusOf(server, tokenBy(key, issuer)))
      strangers.push(await statusOf(server, `${encodeJson({ alg: 'EdDSA', kid: crypto.randomUUID() })}.${payload}.${signature}`))
    }
    for await (const _ of setInterval(TICK)) {
      if (sent.length >= STRANGERS) break
      issuer.state.mood = MOODS[Math.floor((MOODS.length * sent.length) / STRANGERS)] ?? 'up'
      while (sent.length < Math.min(STRANGERS, ((performance.now() - began) / 1000) * RATE)) sent.push(send(sent.length))
    }
    await Promise.all(sent)
    const { asked } = issuer.state
    const seconds = (performance.now() - began) / 1000
    report(
      `${strangers.length} with random kids in ${seconds.toFixed(0)} s: ${JSON.stringify(countsOf(strangers))}; good ones ${JSON.stringify(countsOf(good))}; ${asked.length} fetches, the closest ${Math.round(shortestOf(asked))} ms apart`,
    )
    expect(countsOf(strangers)).to.deep.equal({ 401: STRANGERS })
    expect(countsOf(good)).to.deep.equal({ 200: good.length })
    expect(asked.length).to.be.within(2 * MOODS.length, 2 + (1000 * seconds) / PAUSE)
    // The server counts from where it begins, the issuer from where it hears of it.
    expect(shortestOf(asked)).to.be.greaterThan(PAUSE - DELAY)
  })
})

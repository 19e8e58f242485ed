import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { toNodeHandler } from 'better-auth/node'
import { type JwtOptions, jwt } from 'better-auth/plugins/jwt'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { download } from '../../src/adapters/jwt/download.ts'
import { createKeySet } from '../../src/adapters/jwt/key-set.ts'
import { createVerifier } from '../../src/adapters/jwt/verifier.ts'
import { InvalidToken } from '../../src/application/authentication.ts'
import type { Observation } from '../../src/application/observation.ts'
import { Unavailable } from '../../src/application/ports.ts'
import { decodeSettings } from '../../src/config.ts'

type KeyPair = NonNullable<NonNullable<JwtOptions['jwks']>['keyPairConfig']>

interface StoredKey {
  readonly id: string
  expiresAt?: Date
}

/** The real package over a memory of its own, served on loopback; `answer` stands in for it where the test sets it. */
async function startBetterAuth(keyPairConfig: KeyPair) {
  const server = createServer((request, response) => issuer.answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const database = { user: [], session: [], account: [], verification: [], jwks: [] as StoredKey[] }
  const auth = betterAuth({
    baseURL: url,
    secret: 'a secret of the test, long enough for it',
    database: memoryAdapter(database),
    emailAndPassword: { enabled: true },
    plugins: [jwt({ jwks: { keyPairConfig, rotationInterval: 3_600 } })],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  })
  const itself: RequestListener = toNodeHandler(auth)
  const issuer = {
    url,
    database,
    itself,
    answer: itself,

    /** Signs somebody up as a front end does. @returns the id, and how to get a token */
    async signUp(email: string): Promise<{ readonly id: string; readonly token: () => Promise<string> }> {
      const answer = await fetch(`${url}/api/auth/sign-up/email`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: url },
        body: JSON.stringify({ name: 'Alice', email, password: 'correct horse battery staple' }),
      })
      expect(answer.status).to.equal(200)
      const cookie = answer.headers
        .getSetCookie()
        .map((each) => each.split(';')[0])
        .join('; ')
      const { user } = (await answer.json()) as { user: { id: string } }
      const token = async (): Promise<string> => {
        const given = await fetch(`${url}/api/auth/token`, { headers: { cookie } })
        return ((await given.json()) as { token: string }).token
      }
      return { id: user.id, token }
    },

    async stop(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return issuer
}

/** Taskward's verifier as `BETTER_AUTH_URL` sets it up, over a clock that the test moves. */
function verifierOf(url: string, timeout?: number) {
  const decoded = decodeSettings({ BETTER_AUTH_URL: url }, () => '')
  if (!decoded.ok || decoded.settings.tokens.kind !== 'key-set') throw new Error('no settings')
  const { tokens } = decoded.settings
  const state = { elapsed: 0, told: [] as Observation[] }
  const keys = createKeySet({ download: () => download(tokens.url, timeout), now: () => state.elapsed, tell: (observation) => state.told.push(observation) })
  const verifier = createVerifier({ ...tokens, keys, clock: Date.now })
  return {
    verify: (token: string) => verifier.verify(token),
    pass: (milliseconds: number): void => {
      state.elapsed += milliseconds
    },
    outcomes: () => state.told.map((observation) => (observation.kind === 'key-set-failed' ? observation.reason : observation.kind)),
  }
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => expect.fail('was accepted'),
    (reason: unknown) => reason,
  )
  if (error instanceof Unavailable) return `unavailable, retry after ${error.retryAfter} s`
  if (error instanceof InvalidToken) return error.message
  throw error
}

const FLOOD: RequestListener = (_, response) => {
  const megabyte = Buffer.alloc(1_048_576, 'x')
  const send = (left: number): void => {
    if (left === 0) response.end()
    else if (response.write(megabyte)) send(left - 1)
    else response.once('drain', () => send(left - 1))
  }
  send(64)
}

const HTML: RequestListener = (_, response) => void response.setHeader('content-type', 'text/html').end('<!doctype html><title>Sign in</title>')
const REDIRECT: RequestListener = ({ url }, response) =>
  void (url === '/api/auth/jwks' ? response.writeHead(302, { location: '/keys' }).end() : response.end('{"keys":[]}'))

/** Each way to fail, with what is told of it. */
const FAILURES: readonly (readonly [string, RequestListener, string])[] = [
  ['answers 500', (_, response) => void response.writeHead(500).end('{"keys":[]}'), 'answered with status 500'],
  ['answers with a page', HTML, 'is not JSON'],
  ['redirects', REDIRECT, 'answered with status 302'],
  ['answers with 64 MB', FLOOD, 'is over 65536 bytes'],
  ['is silent', () => undefined, 'failed with TimeoutError'],
  ['breaks off', (request) => void request.socket.destroy(), 'failed with UND_ERR_SOCKET'],
]

describe('Better Auth', function () {
  this.timeout(30_000)
  const started: Awaited<ReturnType<typeof startBetterAuth>>[] = []
  afterEach(() => Promise.all(started.splice(0).map((issuer) => issuer.stop())))
  const start = async (pair: KeyPair = { alg: 'EdDSA', crv: 'Ed25519' }) => {
    const issuer = await startBetterAuth(pair)
    started.push(issuer)
    return issuer
  }

  const PAIRS: readonly KeyPair[] = [
    { alg: 'EdDSA', crv: 'Ed25519' },
    { alg: 'ES256' },
    { alg: 'ES512' },
    { alg: 'RS256', modulusLength: 2048 },
    { alg: 'PS256', modulusLength: 2048 },
  ]
  for (const pair of PAIRS) {
    it(`AUTH-04 AUTH-06 AUTH-09 ${pair.alg}: who signs up gets a token that is good here, and is told apart from others`, async () => {
      const issuer = await start(pair)
      const { verify } = verifierOf(issuer.url)
      const [alice, bob] = [await issuer.signUp('alice@example.test'), await issuer.signUp('bob@example.test')]
      const token = await alice.token()
      expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).alg).to.equal(pair.alg)
      const { expiresAt, ...claims } = await verify(token)
      expect(claims).to.deep.equal({ subject: alice.id, scope: undefined, actor: undefined })
      expect(expiresAt).to.be.closeTo(Date.now() / 1_000 + 900, 30)
      expect((await verify(await bob.token())).subject).to.equal(bob.id)
      const [header, , signature] = token.split('.')
      const [, stolen] = (await bob.token()).split('.')
      expect(await failureOf(verify(`${header}.${stolen}.${signature}`))).to.equal('bad signature')
    })
  }

  it('KEYS-04 KEYS-05 AUTH-10 rotation: a new key is good at once when the last fetch is over 5 s old, a withdrawn one is not good any more', async () => {
    const issuer = await start()
    const { verify, pass, outcomes } = verifierOf(issuer.url)
    const alice = await issuer.signUp('alice@example.test')
    const before = await alice.token()
    await verify(before)

    for (const key of issuer.database.jwks) key.expiresAt = new Date(Date.now() - 1_000)
    const after = await alice.token()
    expect(issuer.database.jwks).to.have.length(2)
    expect(await failureOf(verify(after))).to.equal('no such key')
    pass(5_001)
    expect((await verify(after)).subject).to.equal(alice.id)
    expect((await verify(before)).subject).to.equal(alice.id)
    expect(outcomes()).to.deep.equal(['key-set-fetched', 'key-set-fetched'])

    issuer.database.jwks.shift()
    pass(5 * 60_000)
    expect(await failureOf(verify(before))).to.equal('no such key')
    expect((await verify(after)).subject).to.equal(alice.id)
  })

  it('AUTH-06 a token of another Better Auth is refused, though it is made the same way', async () => {
    const issuer = await start()
    const { verify } = verifierOf(issuer.url)
    const other = await start()
    const token = await (await other.signUp('alice@example.test')).token()
    expect(await failureOf(verify(token))).to.equal('no such key')
  })

  it('KEYS-01 KEYS-06 while the issuer is down, whatever way, its tokens are good for 24 h, and then the answer is neither yes nor no', async () => {
    const issuer = await start()
    const { verify, pass, outcomes } = verifierOf(issuer.url, 300)
    const alice = await issuer.signUp('alice@example.test')
    const token = await alice.token()
    await verify(token)
    for (const [name, listener, reason] of FAILURES) {
      issuer.answer = listener
      pass(6 * 60_000)
      expect((await verify(token)).subject, name).to.equal(alice.id)
      expect(outcomes().at(-1), name).to.equal(reason)
    }
    pass(24 * 3_600_000 - FAILURES.length * 6 * 60_000 - 1)
    expect((await verify(token)).subject).to.equal(alice.id)
    pass(1)
    expect(await failureOf(verify(token))).to.equal('unavailable, retry after 5 s')
    issuer.answer = issuer.itself
    pass(5_001)
    expect((await verify(token)).subject).to.equal(alice.id)
  })

  it('KEYS-01 KEYS-06 an issuer that is down from the beginning, whatever way, is unavailable and not to blame on the token', async () => {
    const issuer = await start()
    const alice = await issuer.signUp('alice@example.test')
    const token = await alice.token()
    for (const [name, listener, reason] of FAILURES) {
      issuer.answer = listener
      const { verify, outcomes } = verifierOf(issuer.url, 300)
      expect(await failureOf(verify(token)), name).to.equal('unavailable, retry after 5 s')
      expect(outcomes(), name).to.deep.equal([reason])
    }
    issuer.answer = issuer.itself
    await issuer.stop()
    const { verify, outcomes } = verifierOf(issuer.url)
    expect(await failureOf(verify(token))).to.equal('unavailable, retry after 5 s')
    expect(outcomes().join()).to.match(/^failed with (?:ECONNREFUSED|UND_ERR_SOCKET)$/)
  })

  it('KEYS-01 a slow issuer costs the request its two seconds and no more', async () => {
    const issuer = await start()
    const token = await (await issuer.signUp('alice@example.test')).token()
    issuer.answer = () => undefined
    const begun = performance.now()
    expect(await failureOf(verifierOf(issuer.url).verify(token))).to.equal('unavailable, retry after 5 s')
    expect(performance.now() - begun).to.be.within(1_900, 4_000)
  })
})

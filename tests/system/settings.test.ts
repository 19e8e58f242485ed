import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { expect } from 'chai'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, describe, it } from 'mocha'
import { cleanUp, type Environment, freshDirectory, listenersOf, MAIN, run, startServer } from './process.ts'

const KEY_SET = { AUTH_JWKS_URL: 'https://id.example/jwks', AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'taskward' }
const HIDDEN = 'hidden-value-'.repeat(5)

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

type Case = readonly [name: string, environment: Environment]

/** Each alone ends the start non-zero with lines that tell the name, and none of the values. */
async function endTheStart(...cases: readonly Case[]): Promise<void> {
  for (const [name, environment] of cases) {
    const { code, stdout, stderr } = await run(MAIN, { PORT: '0', DATABASE_URL: 'memory:', DATA_DIR: freshDirectory(), ...environment })
    const which = `${JSON.stringify(environment)}: ${stderr}`
    expect([code, stdout], which).to.deep.equal([1, ''])
    expect(stderr, which).to.match(/^(cannot start: .+\n)+$/)
    expect(stderr.split(/ must | cannot be /)[0], which).to.include(name)
    for (const value of [...Object.values(environment), 'hidden'].filter((one) => one.length > 1)) expect(stderr, which).not.to.include(value)
  }
}

describe('a start with an unsafe or half-set setting', function () {
  this.timeout(60_000)
  afterEach(cleanUp)

  it('SET-01 ends with one that is bad in itself', () =>
    endTheStart(
      ['PORT', { PORT: 'hidden-port' }],
      ['RATE_LIMIT', { RATE_LIMIT: 'hidden-rate' }],
      ['DATABASE_URL', { DATABASE_URL: 'hidden://user:hidden@host/db' }],
      ['STORAGE_QUOTA', { STORAGE_QUOTA: 'hidden-1GB' }],
      ['LOG_LEVEL', { LOG_LEVEL: 'hidden' }],
      ['MIGRATION_DATABASE_URL', { MIGRATION_DATABASE_URL: 'postgres://hidden@host/db' }],
      ['NODE_ENV', { ...KEY_SET, NODE_ENV: 'Production' }],
    ))

  it('SET-12 ends with several processes without a PostgreSQL server, or with less of something than processes that divide it', () =>
    endTheStart(
      ['WORKERS', { WORKERS: '4' }],
      ['DATABASE_POOL', { DATABASE_URL: 'postgres://hidden@127.0.0.1:1/hidden', WORKERS: '4', DATABASE_POOL: '3' }],
      ['MAX_STREAMS', { DATABASE_URL: 'postgres://hidden@127.0.0.1:1/hidden', WORKERS: '4', MAX_STREAMS: '3' }],
    ))

  it('SET-02 ends with a secret that comes both ways, or in a file that cannot be read', async () => {
    const path = join(freshDirectory(), 'secret')
    writeFileSync(path, HIDDEN)
    const binary = join(freshDirectory(), 'secret')
    writeFileSync(binary, Buffer.alloc(64, 0xa0))
    await endTheStart(
      ['AUTH_SECRET_FILE', { AUTH_SECRET_FILE: '/hidden/none' }],
      ['AUTH_SECRET_FILE', { AUTH_SECRET_FILE: binary }],
      ['AUTH_SECRET_FILE', { AUTH_SECRET_FILE: path, AUTH_SECRET: HIDDEN }],
    )
  })

  it('SET-03 ends with two ways to verify, or with a refinement of none', () =>
    endTheStart(
      ['AUTH_SECRET', { ...KEY_SET, AUTH_SECRET: HIDDEN }],
      ['BETTER_AUTH_URL', { BETTER_AUTH_URL: 'https://hidden.example', AUTH_SECRET: HIDDEN }],
      ['BETTER_AUTH_URL', { ...KEY_SET, BETTER_AUTH_URL: 'https://hidden.example' }],
      ['AUTH_ISSUER', { AUTH_ISSUER: 'https://hidden.example' }],
      ['AUTH_AUDIENCE', { AUTH_AUDIENCE: 'hidden' }],
      ['AUTH_ALGORITHMS', { AUTH_ALGORITHMS: 'EdDSA' }],
      ['AUTH_MAX_TOKEN_AGE', { AUTH_MAX_TOKEN_AGE: '600' }],
    ))

  it('SET-04 ends with a key set that lacks its issuer or its audience', () =>
    endTheStart(
      ['AUTH_ISSUER', { AUTH_JWKS_URL: 'https://hidden.example/jwks', AUTH_AUDIENCE: 'hidden' }],
      ['AUTH_AUDIENCE', { AUTH_JWKS_URL: 'https://hidden.example/jwks', AUTH_ISSUER: 'hidden' }],
    ))

  it('SET-06 ends with a short secret, and in production with one that has neither issuer nor audience', () =>
    endTheStart(['AUTH_SECRET', { AUTH_SECRET: 'hidden-and-31-bytes-in-its-text' }], ['AUTH_SECRET', { NODE_ENV: 'production', AUTH_SECRET: HIDDEN }]))

  it('SET-07 ends with an algorithm that does not go with the way to verify, or that is not known', () =>
    endTheStart(
      ['AUTH_ALGORITHMS', { ...KEY_SET, AUTH_ALGORITHMS: 'HS256' }],
      ['AUTH_ALGORITHMS', { AUTH_SECRET: HIDDEN, AUTH_ALGORITHMS: 'RS256' }],
      ['AUTH_ALGORITHMS', { ...KEY_SET, AUTH_ALGORITHMS: 'hidden' }],
    ))

  it('SET-08 ends with development mode off loopback or in production', () =>
    endTheStart(['HOST', { HOST: '0.0.0.0' }], ['HOST', { HOST: 'hidden.example' }], ['NODE_ENV', { NODE_ENV: 'production' }]))

  it('SET-09 ends with a key set by http: off loopback in production', () =>
    endTheStart(
      ['BETTER_AUTH_URL', { NODE_ENV: 'production', BETTER_AUTH_URL: 'http://hidden.example' }],
      ['AUTH_JWKS_URL', { NODE_ENV: 'production', ...KEY_SET, AUTH_JWKS_URL: 'http://hidden.example/jwks' }],
    ))

  it('SET-09 warns of a key set by http: off loopback elsewhere', async () => {
    const server = await startServer({ DATABASE_URL: 'memory:', BETTER_AUTH_URL: 'http://hidden.example' })
    server.signal('SIGTERM')
    const { stderr } = await server.ended
    expect(stderr).to.include('key set').and.not.include('hidden')
  })

  it('SET-05 takes BETTER_AUTH_URL for the key set, issuer and audience', async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA')
    const keySet = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'EdDSA' }] })
    const issuer = createServer((req, res) => res.writeHead(req.url === '/api/auth/jwks' ? 200 : 404).end(keySet))
    const url = `http://127.0.0.1:${await portOf(issuer)}`
    const token = (audience: string): Promise<string> =>
      new SignJWT()
        .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
        .setSubject('ada')
        .setIssuer(url)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
    try {
      const server = await startServer({ NODE_ENV: 'production', DATABASE_URL: 'memory:', BETTER_AUTH_URL: url })
      expect(server.stdout).to.equal(`listening on ${server.url}\n`)
      const status = async (audience: string): Promise<number> =>
        (await fetch(`${server.url}/api/tasks`, { headers: { authorization: `Bearer ${await token(audience)}` } })).status
      expect([await status(url), await status('https://other.example')]).to.deep.equal([200, 401])
    } finally {
      issuer.close()
    }
  })

  it('SET-11 ends with an origin that no browser sends', () =>
    endTheStart(['CORS_ORIGINS', { CORS_ORIGINS: '*' }], ['CORS_ORIGINS', { CORS_ORIGINS: 'https://hidden.example/' }]))

  it('SET-01 tells all bad settings at once, a line for each', async () => {
    const { stderr } = await run(MAIN, { PORT: 'hidden', LOG_LEVEL: 'hidden', CORS_ORIGINS: 'hidden' })
    expect(stderr.trimEnd().split('\n')).to.have.lengthOf(3)
  })

  it('OPS-23 listens on its port with 32 listeners', async () => {
    expect(listenersOf(await startServer({ DATABASE_URL: 'memory:' }))).to.equal(32)
  })

  it('RUN-01 ends non-zero with one clear line where the port is taken', async () => {
    const taken = createServer()
    const port = String(await portOf(taken))
    const { code, stdout, stderr } = await run(MAIN, { PORT: port, DATABASE_URL: 'memory:', DATA_DIR: freshDirectory() })
    await new Promise((resolve) => taken.close(resolve))
    expect([code, stdout, stderr]).to.deep.equal([1, '', 'cannot start: PORT is taken by another program\n'])
  })

  it('SET-02 reads a secret from a file, and tells nothing of it', async () => {
    const directory = freshDirectory()
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'secret'), 'hidden\n')
    const { code, stderr } = await run(MAIN, { AUTH_SECRET_FILE: join(directory, 'secret') })
    expect([code, stderr]).to.deep.equal([1, 'cannot start: AUTH_SECRET must have at least 32 bytes\n'])
  })
})

describe('a server with a METRICS_TOKEN', function () {
  this.timeout(60_000)
  afterEach(cleanUp)

  it('DOC-06 SET-02 has figures, for the token in its file', async () => {
    const path = join(freshDirectory(), 'token')
    writeFileSync(path, 'figures-for-the-operator\n')
    const server = await startServer({ DATABASE_URL: 'memory:', METRICS_TOKEN_FILE: path })
    const figures = (token: string): Promise<Response> => fetch(`${server.url}/api/metrics`, { headers: { authorization: `Bearer ${token}` } })
    expect((await figures('guessed')).status).to.equal(401)
    const answer = await figures('figures-for-the-operator')
    expect(answer.status).to.equal(200)
    expect(await answer.text()).to.match(/^taskward_http_requests_total\{.*status="401".*\} 1$/m)
  })
})

describe('a start on an older Node', function () {
  this.timeout(60_000)
  afterEach(cleanUp)

  it('RUN-02 ends non-zero with one clear line', async () => {
    // What an older Node would find: its own version, in the place where the check looks.
    const older = `data:text/javascript,${encodeURIComponent("Object.defineProperty(process.versions, 'node', { value: '20.20.2' })")}`
    const [node] = MAIN
    const { code, stdout, stderr } = await run([node, '--import', older, '--import', './src/prepare-node.mjs', 'src/main.ts'])
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.match(/^cannot start: Taskward needs Node 26 or later and this is 20\.20\.2; .+\n$/)
  })
})

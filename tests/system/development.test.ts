import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { cleanUp, freshDirectory, MAIN, NPM_START, run, type Server, startServer, tokenOf } from './process.ts'

const TOKEN = ['npm', 'run', '--silent', 'token', '--', '--user', 'alice'] as const

const ask = (server: Server, token: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}/api/tasks`, { ...init, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } })

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

describe('development mode', function () {
  this.timeout(60_000)
  afterEach(cleanUp)

  it('DEV-02 RUN-01 npm start prints a curl line that works when pasted, then the ready line', async () => {
    const server = await startServer({ LOG_LEVEL: 'silent' }, NPM_START)
    const lines = server.stdout.split('\n').filter((line) => /^(curl|listening)/.test(line))
    expect(lines).to.have.lengthOf(2)
    expect(lines[0]).to.match(/^curl [^|\\\n]+$/)
    expect(lines[1]).to.equal(`listening on ${server.url}`)
    const pasted = await run(['sh', '-c', `${lines[0]} --silent --show-error --write-out ' %{http_code}'`])
    expect(pasted.code, pasted.stderr).to.equal(0)
    expect(pasted.stdout).to.equal('{"items":[],"nextCursor":null} 200')
    expect(claimsOf(tokenOf(server)).sub).to.equal('demo')
  })

  it('DEV-01 keeps its key in DATA_DIR for its user alone, and uses the same one ever after', async () => {
    const DATA_DIR = join(freshDirectory(), 'new')
    const first = await startServer({ DATA_DIR, DATABASE_URL: 'memory:' })
    const token = tokenOf(first)
    first.signal('SIGKILL')
    await first.ended
    const second = await startServer({ DATA_DIR, DATABASE_URL: 'memory:' })
    expect((await ask(second, token)).status).to.equal(200)
    expect(statSync(DATA_DIR).mode & 0o777).to.equal(0o700)
    const keys = readdirSync(DATA_DIR).filter((name) => name.endsWith('.json'))
    expect(keys).to.have.lengthOf(1)
    expect(statSync(join(DATA_DIR, keys[0] ?? '')).mode & 0o777).to.equal(0o600)
  })

  it('DEV-03 the token command prints a token and nothing else, which the running server takes', async () => {
    const DATA_DIR = freshDirectory()
    const server = await startServer({ DATA_DIR })
    const { code, stdout, stderr } = await run(TOKEN, { DATA_DIR })
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(stdout).to.match(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const { sub, exp, iat } = claimsOf(stdout)
    expect([sub, exp - iat]).to.deep.equal(['alice', 12 * 3600])
    expect((await ask(server, stdout.trim(), { method: 'POST', body: '{"title":"hers"}' })).status).to.equal(201)
    const demos = await ask(server, tokenOf(server))
    expect(((await demos.json()) as { items: unknown }).items).to.deep.equal([])
    const readOnly = await run([...TOKEN, '--scope', 'tasks:read'], { DATA_DIR })
    expect((await ask(server, readOnly.stdout.trim())).status).to.equal(200)
    expect((await ask(server, readOnly.stdout.trim(), { method: 'POST', body: '{"title":"x"}' })).status).to.equal(403)
  })

  for (const environment of [
    { BETTER_AUTH_URL: 'https://hidden.example' },
    { AUTH_JWKS_URL: 'https://hidden.example/jwks', AUTH_ISSUER: 'hidden', AUTH_AUDIENCE: 'hidden' },
    { AUTH_SECRET: 'hidden'.repeat(8) },
    { NODE_ENV: 'production' },
  ]) {
    it(`DEV-04 the token command refuses with ${Object.keys(environment)}`, async () => {
      const DATA_DIR = freshDirectory()
      const { code, stdout, stderr } = await run([MAIN[0], 'src/cli/token.ts', '--user', 'alice'], { DATA_DIR, ...environment })
      expect([code, stdout]).to.deep.equal([1, ''])
      expect(stderr).to.match(/^cannot issue a token: .+\n$/)
      expect(stderr).not.to.include('hidden')
      expect(readdirSync(DATA_DIR)).to.deep.equal([])
    })
  }

  it('DEV-03 the token command says how it is used', async () => {
    for (const args of [[], ['--user'], ['--user', ''], ['--user', ' x'], ['--usr', 'x'], ['alice']]) {
      const { code, stdout, stderr } = await run([MAIN[0], 'src/cli/token.ts', ...args], { DATA_DIR: freshDirectory() })
      expect([code, stdout], args.join(' ')).to.deep.equal([1, ''])
      expect(stderr, args.join(' ')).to.match(/^cannot issue a token: .+\n$/)
    }
  })
})

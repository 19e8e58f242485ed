import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { openDevelopmentIssuer } from '../../../src/adapters/jwt/development-issuer.ts'
import { createVerifier } from '../../../src/adapters/jwt/verifier.ts'
import { DAY, NOW, refusalOf } from './tokens.ts'

describe('the development issuer', () => {
  let folder = ''
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'development-issuer-')), 'data')
  })
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

  const open = () => openDevelopmentIssuer(folder, () => NOW * 1_000 + 999)
  const verifierOf = ({ verifierOptions }: Awaited<ReturnType<typeof open>>, seconds = NOW) =>
    createVerifier({ ...verifierOptions, maxAge: DAY, clock: () => seconds * 1_000 })
  const keyFile = () => join(folder, 'development-key.json')

  it('DEV-01 makes its key at the first opening, for its user only, and uses the same one ever after', async () => {
    const first = await open()
    expect(readdirSync(folder)).to.deep.equal(['development-key.json'])
    expect(statSync(keyFile()).mode & 0o777).to.equal(0o600)
    expect(statSync(folder).mode & 0o777).to.equal(0o700)
    const kept = readFileSync(keyFile(), 'utf8')
    const second = await open()
    expect(readFileSync(keyFile(), 'utf8')).to.equal(kept)
    expect((await verifierOf(second).verify(await first.issue('alice'))).subject).to.equal('alice')
    expect(await second.issue('alice')).to.equal(await first.issue('alice'))
  })

  it('DEV-01 gives one key to all who open the folder at the same time, and leaves nothing else behind', async () => {
    const issuers = await Promise.all(Array.from({ length: 20 }, open))
    const tokens = await Promise.all(issuers.map((issuer) => issuer.issue('alice')))
    expect(new Set(tokens).size).to.equal(1)
    expect(readdirSync(folder)).to.deep.equal(['development-key.json'])
  })

  it('DEV-01 takes the key from others where the file was open to them', async () => {
    await open()
    const kept = readFileSync(keyFile(), 'utf8')
    rmSync(keyFile())
    writeFileSync(keyFile(), kept, { mode: 0o644 })
    await open()
    expect(statSync(keyFile()).mode & 0o777).to.equal(0o600)
  })

  it('DEV-01 does not go on with a key file that is damaged, and does not overwrite it', async () => {
    await open()
    writeFileSync(keyFile(), '{"kty":')
    const error: unknown = await open().catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(Error)
    expect(readFileSync(keyFile(), 'utf8')).to.equal('{"kty":')
    expect(existsSync(keyFile())).to.equal(true)
  })

  it('DEV-03 issues a token of 12 hours for a user, that may do all or what its scope says', async () => {
    const issuer = await open()
    const verifier = verifierOf(issuer)
    const token = await issuer.issue('alice')
    expect(await verifier.verify(token)).to.deep.equal({ subject: 'alice', scope: undefined, actor: undefined, expiresAt: NOW + 43_200 })
    expect((await verifier.verify(await issuer.issue('bob', 'tasks:read'))).scope).to.equal('tasks:read')
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const name = 'taskward-development'
    expect(claims).to.deep.equal({ sub: 'alice', iss: name, aud: name, iat: NOW, exp: NOW + 43_200 })
    expect((await verifierOf(issuer, NOW + 43_204).verify(token)).subject).to.equal('alice')
    expect(await refusalOf(verifierOf(issuer, NOW + 43_205).verify(token))).to.equal('expired')
  })

  it('DEV-03 issues nothing for a name that no token may have', async () => {
    const issuer = await open()
    for (const user of ['', ' alice', 'a\n', 'x'.repeat(256)]) {
      const error: unknown = await issuer.issue(user).catch((reason: unknown) => reason)
      expect(error, user).to.be.instanceOf(RangeError)
      expect(error)
        .to.have.property('message')
        .that.matches(/^a user is 1 to 255 characters,/)
    }
  })

  it('DEV-01 has a key of its own in each folder: the tokens of one are no good in another', async () => {
    const [one, other] = [await openDevelopmentIssuer(join(folder, '1')), await openDevelopmentIssuer(join(folder, '2'))]
    const verifier = createVerifier({ ...other.verifierOptions, maxAge: DAY, clock: Date.now })
    expect(await refusalOf(verifier.verify(await one.issue('alice')))).to.equal('no such key')
    expect((await verifier.verify(await other.issue('alice'))).subject).to.equal('alice')
  })
})

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readKeySet } from '../../../src/adapters/jwt/jwks.ts'
import { ALGORITHMS, fixedKeys, type Keys, SHORTEST_SECRET, secretKeys } from '../../../src/adapters/jwt/keys.ts'
import { readToken } from '../../../src/adapters/jwt/token.ts'
import { createVerifier, verifySignature } from '../../../src/adapters/jwt/verifier.ts'
import { InvalidToken } from '../../../src/application/authentication.ts'
import { EXPECTED, NOW, refusalOf } from './tokens.ts'

/** The public vectors of C2SP/wycheproof, which are no part of the project: looked for beside the checkout. */
const FOLDER = join(import.meta.dirname, '../../../../shared/vectors')

interface Jwk {
  readonly kty?: string
  readonly alg?: string
  readonly k?: string
  readonly keys?: readonly Jwk[]
}

interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly result: 'valid' | 'invalid'
  readonly jws?: unknown
  readonly jwe?: unknown
}

interface Group {
  readonly private?: Jwk
  readonly public?: Jwk
  readonly tests: readonly Vector[]
}

/** Labelled valid and refused: most by our policy, some by a flaw of the label. */
const REFUSED_ALTHOUGH_VALID: Readonly<Record<string, string>> = {
  ...reasons('an empty payload holds no claims, so no part may be empty (AUTH-03)', 'signature', 259, 264, 268, 272, 320, 325),
  ...reasons('a PS384 token for a key marked PS256 (AUTH-04)', 'signature', 346, 350),
  ...reasons('the key\'s own algorithm is "ES521", which there is not (AUTH-04)', 'signature', 347, 351),
  ...reasons('a flaw of the label: a part holds a question mark (AUTH-03)', 'signature', 372, 373),
  ...reasons('symmetric keys in a set (KEYS-02)', 'crypto', 48),
  ...reasons('symmetric keys in a set (KEYS-02)', 'key', 2, 13, 14, 15),
}

/** Labelled invalid and of a good signature: what stands against them is not in the token, or not there at all. */
const SIGNED_ALTHOUGH_INVALID: Readonly<Record<string, string>> = {
  ...reasons('a flaw of the label: the bytes of the valid token 357', 'signature', 367, 370),
  ...reasons('a key of weak generation (ROCA): how the issuer made its key is not looked into', 'crypto', 46),
  ...reasons('a key of weak generation (ROCA): how the issuer made its key is not looked into', 'key', 7),
}

function reasons(reason: string, name: string, ...tcIds: readonly number[]): Readonly<Record<string, string>> {
  return Object.fromEntries(tcIds.map((tcId) => [`${name} ${tcId}`, reason]))
}

const groupsOf = (name: string): readonly Group[] => JSON.parse(readFileSync(join(FOLDER, `json_web_${name}_test.json`), 'utf8')).testGroups
const textOf = (token: unknown): string => (typeof token === 'string' ? token : JSON.stringify(token))
const ASYMMETRIC = Object.entries(ALGORITHMS).flatMap(([kind, algorithms]) => (kind === 'oct' ? [] : algorithms))

/** The ways in which the group's key can be given to Taskward: as a published set, and as a shared secret where it is one. */
function waysOf({ private: secret, public: published }: Group): readonly { readonly keys: Keys; readonly algorithms: readonly string[] }[] {
  const jwk = published ?? secret ?? {}
  const set = readKeySet(JSON.stringify(jwk.keys === undefined ? { keys: [jwk] } : jwk))
  const ways = set.ok ? [{ keys: fixedKeys(set.value), algorithms: ASYMMETRIC }] : []
  const bytes = Buffer.from(jwk.k ?? '', 'base64url')
  return jwk.kty === 'oct' && bytes.byteLength >= SHORTEST_SECRET ? [...ways, { keys: secretKeys(bytes), algorithms: [jwk.alg ?? ''] }] : ways
}

/** Whether form, header and signature hold in one of the ways; and the whole verifier refuses it in each, since no vector has claims. */
async function isSigned(group: Group, token: string): Promise<boolean> {
  let signed = false
  for (const { keys, algorithms } of waysOf(group)) {
    await refusalOf(createVerifier({ keys, algorithms, ...EXPECTED, clock: () => NOW * 1_000 }).verify(token))
    try {
      await verifySignature(readToken(token, algorithms), keys)
      signed = true
    } catch (error) {
      if (!(error instanceof InvalidToken)) throw error
    }
  }
  return signed
}

async function differences(name: string): Promise<{ readonly seen: number; readonly refused: readonly string[]; readonly signed: readonly string[] }> {
  let seen = 0
  const refused: string[] = []
  const signed: string[] = []
  for (const group of groupsOf(name)) {
    for (const { tcId, result, jws } of group.tests) {
      if (jws === undefined) continue
      seen++
      const isGood = await isSigned(group, textOf(jws))
      if (isGood !== (result === 'valid')) (isGood ? signed : refused).push(`${name} ${tcId}`)
    }
  }
  return { seen, refused, signed }
}

describe('public vectors', () => {
  // Said rather than passed off as a test: where they are not, these rules have the tests beside.
  if (!existsSync(FOLDER)) return void process.stdout.write('public vectors: no folder ../shared/vectors beside the checkout, so none is verified\n')

  for (const [name, count] of [
    ['signature', 401],
    ['crypto', 49],
    ['key', 26],
  ] as const) {
    it(`AUTH-04 AUTH-06 KEYS-02 ${count} of "${name}": what is labelled invalid is refused, exceptions have a reason`, async () => {
      const mine = (list: Readonly<Record<string, string>>): readonly string[] => Object.keys(list).filter((vector) => vector.startsWith(`${name} `))
      const { seen, refused, signed } = await differences(name)
      expect(seen).to.equal(count)
      expect(refused).to.have.members(mine(REFUSED_ALTHOUGH_VALID))
      expect(signed).to.have.members(mine(SIGNED_ALTHOUGH_INVALID))
    }).timeout(30_000)
  }

  it('AUTH-03 AUTH-05 an encrypted token is no bearer token, whatever the key', async () => {
    let seen = 0
    for (const group of groupsOf('encryption')) {
      for (const { jwe } of group.tests) {
        seen++
        expect(await isSigned(group, textOf(jwe))).to.equal(false)
        await refusalOf(
          createVerifier({ keys: secretKeys(Buffer.alloc(32)), algorithms: ['HS256', 'A128KW', 'dir'], ...EXPECTED, clock: () => NOW * 1_000 }).verify(
            textOf(jwe),
          ),
        )
      }
    }
    expect(seen).to.equal(139)
  })
})

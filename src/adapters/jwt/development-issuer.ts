import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, type webcrypto } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import { isSubject } from './claims.ts'
import { ALGORITHMS, fixedKeys } from './keys.ts'
import type { VerifierOptions } from './verifier.ts'

/** Issues tokens where no issuer is set up: for trying it, never for production (DEV-01). */
export interface DevelopmentIssuer {
  /** A token for this user, good for 12 hours. @throws {RangeError} where the name cannot be a subject */
  issue(user: string, scope?: string): Promise<string>
  readonly verifierOptions: Pick<VerifierOptions, 'keys' | 'algorithms' | 'issuer' | 'audience'>
}

const NAME = 'taskward-development'
const FILE = 'development-key.json'
const LIFE = 12 * 3_600
const ALGORITHM = 'EdDSA'

/** Opens the key in this folder, or makes one: whoever opens the folder at the same time gets the same. @param clock milliseconds since 1970 */
export async function openDevelopmentIssuer(dataDir: string, clock: () => number = Date.now): Promise<DevelopmentIssuer> {
  const privateKey = await openKey(dataDir)
  const publicKey = createPublicKey(privateKey)
  const kid = await calculateJwkThumbprint(publicKey)
  return {
    async issue(user, scope) {
      if (!isSubject(user)) throw new RangeError('a user is 1 to 255 characters, trimmed, without control characters')
      const now = Math.floor(clock() / 1_000)
      return new SignJWT(scope === undefined ? {} : { scope })
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
        .setSubject(user)
        .setIssuer(NAME)
        .setAudience(NAME)
        .setIssuedAt(now)
        .setExpirationTime(now + LIFE)
        .sign(privateKey)
    },
    verifierOptions: {
      keys: fixedKeys(new Map([[kid, { key: publicKey, algorithms: ALGORITHMS['OKP Ed25519'] }]])),
      algorithms: [ALGORITHM],
      issuer: NAME,
      audience: NAME,
    },
  }
}

async function openKey(dataDir: string): Promise<KeyObject> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, FILE)
  if (!existsSync(path)) await makeKey(dataDir, path)
  await chmod(path, 0o600)
  const key: webcrypto.JsonWebKey = JSON.parse(await readFile(path, 'utf8'))
  return createPrivateKey({ key, format: 'jwk' })
}

/** Written aside and then linked, which fails where the name is taken: no one ever reads half a key, and the first one stays. */
async function makeKey(dataDir: string, path: string): Promise<void> {
  const draft = join(dataDir, `.${FILE}.${randomUUID()}`)
  await writeFile(draft, `${JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }))}\n`, { mode: 0o600, flag: 'wx' })
  try {
    await link(draft, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(draft)
  }
}

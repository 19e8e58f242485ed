import { type DevelopmentIssuer, openDevelopmentIssuer } from '../adapters/jwt/development-issuer.ts'
import { download } from '../adapters/jwt/download.ts'
import { createKeySet } from '../adapters/jwt/key-set.ts'
import { secretKeys } from '../adapters/jwt/keys.ts'
import { createVerifier } from '../adapters/jwt/verifier.ts'
import type { TokenVerifier } from '../application/authentication.ts'
import type { Tell } from '../application/observation.ts'
import { isLoopback } from '../config/values.ts'
import type { Settings } from '../config.ts'
import { makeDataDirectory } from './data-directory.ts'

export interface Verification {
  readonly verifier: TokenVerifier
  /** In development mode. */
  readonly issuer?: DevelopmentIssuer
}

/** How tokens are checked: by our own key, a shared secret, or a key set, which is not fetched before it is needed. @throws {CannotStart} */
export async function openVerification(settings: Settings, tell: Tell): Promise<Verification> {
  const { tokens } = settings
  const clock = Date.now
  switch (tokens.kind) {
    case 'development': {
      const issuer = await openIssuer(settings)
      return { verifier: createVerifier({ ...issuer.verifierOptions, maxAge: tokens.maxAge, clock }), issuer }
    }
    case 'secret':
      return { verifier: createVerifier({ ...tokens, keys: secretKeys(tokens.secret), clock }) }
    case 'key-set': {
      const { url } = tokens
      // A clock that only grows, so that one set back by hand does not stop the fetching.
      return { verifier: createVerifier({ ...tokens, keys: createKeySet({ download: () => download(url), now: () => performance.now(), tell }), clock }) }
    }
  }
}

/** Said once, by however many processes the keys are fetched (SET-09). */
export function warnOfKeySet({ tokens }: Settings, tell: Tell): void {
  if (tokens.kind === 'key-set' && tokens.url.protocol === 'http:' && !isLoopback(tokens.url.hostname))
    tell({ kind: 'warned', what: 'the key set comes by http: from elsewhere, which production refuses' })
}

/** The issuer of development mode, whose key is in `DATA_DIR` wherever tasks are kept (DEV-01). @throws {CannotStart} */
export function openIssuer({ dataDir }: Settings): Promise<DevelopmentIssuer> {
  makeDataDirectory(dataDir)
  return openDevelopmentIssuer(dataDir)
}

import '../prepare-node.mjs'
import { parseArgs } from 'node:util'
import { openIssuer } from '../compose/verification.ts'
import { CannotStart } from '../config/cannot-start.ts'
import { loadSettings } from '../config/load.ts'
import { command } from './command.ts'

const USAGE = 'it is npm run token -- --user NAME [--scope "tasks:read tasks:write"]'

/** Prints a token of development mode and nothing else. Needs the key in `DATA_DIR` and no database, so it works beside a running server (DEV-03). */
await command('issue a token', async () => {
  const { user, scope } = readArguments()
  const settings = loadSettings()
  // Where tokens come from an issuer or a secret, ours would be no good there (DEV-04).
  if (settings.tokens.kind !== 'development') throw new CannotStart(['BETTER_AUTH_URL, AUTH_JWKS_URL or AUTH_SECRET is set, so tokens come from there'])
  const issuer = await openIssuer(settings)
  const token = await issuer.issue(user, scope).catch((error: unknown) => {
    throw error instanceof RangeError ? new CannotStart([`${error.message}; ${USAGE}`], error) : error
  })
  process.stdout.write(`${token}\n`)
})

function readArguments(): { readonly user: string; readonly scope: string | undefined } {
  try {
    const { user, scope } = parseArgs({ options: { user: { type: 'string' }, scope: { type: 'string' } } }).values
    if (user === undefined) throw new TypeError('--user is missing')
    return { user, scope }
  } catch (error) {
    throw new CannotStart([`${error instanceof Error ? error.message.split('\n')[0] : error}; ${USAGE}`], error)
  }
}

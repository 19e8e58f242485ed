import { isLeft } from 'fp-ts/lib/Either.js'
import type { Quota } from './application/ports.ts'
import { type Fault, fault } from './config/fault.ts'
import { type Environment, type ReadFile, withSecretFiles } from './config/secret-files.ts'
import { settingsCodec, type Texts } from './config/table.ts'
import { type TokenSettings, tokenSettings } from './config/token-settings.ts'

/** Where tasks are kept. */
export type DatabaseSettings =
  | { readonly kind: 'memory' }
  | { readonly kind: 'embedded' }
  | { readonly kind: 'server'; readonly url: string; readonly migrationUrl: string | undefined; readonly pool: number }

export interface Settings {
  readonly production: boolean
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly database: DatabaseSettings
  /** Server processes on the port; over 1 with a PostgreSQL server only. */
  readonly workers: number
  readonly migrate: boolean
  readonly tokens: TokenSettings
  readonly corsOrigins: readonly string[]
  readonly trustedProxies: number
  /** Requests a minute for one owner; 0 is off. */
  readonly rateLimit: number
  readonly quota: Quota
  readonly trashDays: number
  readonly maxInFlight: number
  readonly maxStreams: number
  readonly requireIfMatch: boolean
  /** Seconds. */
  readonly shutdownGrace: number
  readonly logLevel: Texts['LOG_LEVEL']
  readonly metricsToken: string | undefined
}

export type Decoded = { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly faults: readonly Fault[] }

/**
 * All settings, or all that is wrong with them, so that nobody has to start once for each fault. How settings go together is
 * looked at where each is good in itself: else a bad one would be told as a missing one too.
 */
export function decodeSettings(environment: Environment, readFile: ReadFile): Decoded {
  const faults: Fault[] = []
  const complete = withSecretFiles(environment, readFile, faults)
  const decoded = settingsCodec.decode(complete)
  if (isLeft(decoded)) {
    faults.push(...decoded.left.map(({ context, message }) => fault([context.at(-1)?.key ?? ''], message ?? 'is wrong')))
    return { ok: false, faults }
  }
  const texts = decoded.right
  const settings = assemble(texts, (name) => complete[name] !== undefined, faults)
  return faults.length > 0 ? { ok: false, faults } : { ok: true, settings }
}

function assemble(texts: Texts, isSet: (name: keyof Texts) => boolean, faults: Fault[]): Settings {
  return {
    production: texts.NODE_ENV === 'production',
    host: texts.HOST,
    port: texts.PORT,
    dataDir: texts.DATA_DIR,
    database: databaseSettings(texts, faults),
    workers: workers(texts, faults),
    migrate: texts.MIGRATE === 'on',
    tokens: tokenSettings(texts, isSet, faults),
    corsOrigins: texts.CORS_ORIGINS,
    trustedProxies: texts.TRUSTED_PROXIES,
    rateLimit: texts.RATE_LIMIT,
    quota: { tasks: texts.TASK_QUOTA, bytes: texts.STORAGE_QUOTA },
    trashDays: texts.TRASH_DAYS,
    maxInFlight: texts.MAX_IN_FLIGHT,
    maxStreams: texts.MAX_STREAMS,
    requireIfMatch: texts.REQUIRE_IF_MATCH === 'true',
    shutdownGrace: texts.SHUTDOWN_GRACE,
    logLevel: texts.LOG_LEVEL,
    metricsToken: texts.METRICS_TOKEN,
  }
}

function databaseSettings(texts: Texts, faults: Fault[]): DatabaseSettings {
  const { DATABASE_URL: url, MIGRATION_DATABASE_URL: migrationUrl, DATABASE_POOL: pool } = texts
  if (url !== undefined && url !== 'memory:') return { kind: 'server', url, migrationUrl, pool }
  if (migrationUrl !== undefined) faults.push(fault(['MIGRATION_DATABASE_URL'], 'cannot be set without a DATABASE_URL that begins with postgres://'))
  return { kind: url === 'memory:' ? 'memory' : 'embedded' }
}

/** Processes that share a port divide what is theirs, and each needs a part of it. */
function workers(texts: Texts, faults: Fault[]): number {
  const { WORKERS: count, DATABASE_URL: url } = texts
  if (count > 1 && (url === undefined || url === 'memory:'))
    faults.push(fault(['WORKERS'], 'must be 1 without a DATABASE_URL that begins with postgres://: one process holds the tasks'))
  for (const divided of ['MAX_IN_FLIGHT', 'MAX_STREAMS', 'DATABASE_POOL'] as const)
    if (texts[divided] < count) faults.push(fault([divided], 'must be at least as much as WORKERS, which divide it'))
  return count
}

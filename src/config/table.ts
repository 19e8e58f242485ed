import * as t from 'io-ts'
import { type Checked, flawed, valid } from '../domain/checked.ts'
import { bearerToken, bytes, host, httpUrl, listOf, oneOf, origin, postgresUrl, type Read, text, whole } from './values.ts'

/** With a key set anything but HS*, with a secret HS* only: an RSA key must never be taken for a secret. */
export const KEY_SET_DEFAULTS = ['EdDSA', 'ES256', 'RS256', 'PS256', 'ES512'] as const
export const KEY_SET_ALGORITHMS = [...KEY_SET_DEFAULTS, 'ES384', 'RS384', 'RS512', 'PS384', 'PS512'] as const
export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

type Setting<A> = t.Type<A, A, unknown> & { readonly fallback: string | undefined }

function decoder<A>(fallback: string | undefined, read: (raw: string | undefined) => Checked<A>): Setting<A> {
  const validate: t.Validate<unknown, A> = (raw, context) => {
    const checked = read(typeof raw === 'string' ? raw : undefined)
    return checked.ok ? t.success(checked.value) : t.failure(raw, context, checked.flaw)
  }
  return Object.assign(new t.Type<A, A, unknown>('setting', (_): _ is A => false, validate, t.identity), { fallback })
}

const setting = <A>(fallback: string, read: Read<A>): Setting<A> => decoder(fallback, (raw) => read(raw ?? fallback))
const optional = <A>(read: Read<A>): Setting<A | undefined> => decoder<A | undefined>(undefined, (raw) => (raw === undefined ? valid(undefined) : read(raw)))

/** `Production`, `prod` or nothing would quietly be taken for no production at all. */
const nodeEnv: Read<string> = (raw) => (raw !== 'production' && /^\s*(prod|$)/i.test(raw) ? flawed('must be spelt as documented') : valid(raw))
const databaseUrl: Read<string> = (raw) => (raw === 'memory:' ? valid(raw) : postgresUrl(raw))

/** Every setting there is, in the order of the documentation, which a test holds to this table. */
export const SETTINGS = {
  HOST: setting('127.0.0.1', host),
  PORT: setting('3000', whole(0, 65_535)),
  DATABASE_URL: optional(databaseUrl),
  DATA_DIR: setting('./data', text),
  BETTER_AUTH_URL: optional(httpUrl),
  AUTH_JWKS_URL: optional(httpUrl),
  AUTH_ISSUER: optional(text),
  AUTH_AUDIENCE: optional(text),
  AUTH_SECRET: optional(text),
  AUTH_ALGORITHMS: optional(listOf(oneOf(...KEY_SET_ALGORITHMS, ...SECRET_ALGORITHMS))),
  AUTH_MAX_TOKEN_AGE: setting('86400', whole(1, 31_536_000)),
  CORS_ORIGINS: setting('', listOf(origin)),
  TRUSTED_PROXIES: setting('0', whole(0, 100)),
  RATE_LIMIT: setting('1200', whole(0, 1_000_000_000)),
  TASK_QUOTA: setting('100000', whole(1, 1_000_000_000)),
  STORAGE_QUOTA: setting('1GB', bytes),
  TRASH_DAYS: setting('30', whole(1, 36_500)),
  MAX_IN_FLIGHT: setting('512', whole(1, 1_000_000)),
  MAX_STREAMS: setting('10000', whole(1, 1_000_000)),
  REQUIRE_IF_MATCH: setting('false', oneOf('true', 'false')),
  SHUTDOWN_GRACE: setting('10', whole(0, 3_600)),
  DATABASE_POOL: setting('10', whole(1, 1_000)),
  WORKERS: setting('1', whole(1, 1_024)),
  LOG_LEVEL: setting('info', oneOf(...LOG_LEVELS)),
  METRICS_TOKEN: optional(bearerToken),
  MIGRATE: setting('on', oneOf('on', 'off')),
  MIGRATION_DATABASE_URL: optional(postgresUrl),
  NODE_ENV: optional(nodeEnv),
}

/** These may come as `NAME_FILE` instead: a path to read them from. */
export const SECRETS = ['AUTH_SECRET', 'DATABASE_URL', 'MIGRATION_DATABASE_URL', 'METRICS_TOKEN'] as const satisfies readonly (keyof typeof SETTINGS)[]

export const settingsCodec = t.type(SETTINGS)
export type Texts = t.TypeOf<typeof settingsCodec>

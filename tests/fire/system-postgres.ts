import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, runOn } from '../databases.ts'

const execute = promisify(execFile)

/** The oldest that the system has, of those that bring `pg_basebackup`. @throws where it has none */
async function binaries(): Promise<string> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => [])
  const [oldest] = versions.map(Number).sort((a, b) => a - b)
  if (oldest === undefined) throw new Error('a failover needs the PostgreSQL of the system: apt-get install postgresql')
  return `/usr/lib/postgresql/${oldest}/bin`
}

/** PostgreSQL does not run as root. */
async function run(program: string, ...args: readonly string[]): Promise<void> {
  const command = [join(await binaries(), program), ...args]
  const [first = '', ...rest] = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...command] : command
  await execute(first, rest, { cwd: '/', env: { PATH: process.env['PATH'], LC_ALL: 'C' } })
}

/** A primary, and a standby that follows it: what a managed database is made of. */
export class ReplicatedPair {
  readonly #folder: string
  readonly primary: number
  readonly standby: number

  private constructor(folder: string, primary: number, standby: number) {
    this.#folder = folder
    this.primary = primary
    this.standby = standby
  }

  static async start(): Promise<ReplicatedPair> {
    const folder = await mkdtemp(join(tmpdir(), 'taskward-failover-'))
    await chmod(folder, 0o777)
    const pair = new ReplicatedPair(folder, await freePort(), await freePort())
    await run('initdb', '-D', join(folder, 'primary'), '-U', 'postgres', '--encoding=UTF8', '--locale=C', '--auth=trust')
    await pair.#startOne('primary', pair.primary)
    await runOn(pair.urlOf('primary'), `create role ordinary login nosuperuser nocreaterole nocreatedb nobypassrls`)
    await runOn(pair.urlOf('primary'), `create database tasks owner ordinary`)
    await run('pg_basebackup', '-D', join(folder, 'standby'), '-R', '-X', 'stream', '-c', 'fast', '-d', pair.urlOf('primary'))
    await pair.#startOne('standby', pair.standby)
    // An answer then means that the standby has the change too.
    await runOn(pair.urlOf('primary'), `alter system set synchronous_standby_names = '*'`)
    await runOn(pair.urlOf('primary'), `alter system set synchronous_commit = 'remote_apply'`)
    await runOn(pair.urlOf('primary'), 'select pg_reload_conf()')
    return pair
  }

  /** A superuser's. */
  urlOf(which: 'primary' | 'standby'): string {
    return `postgres://postgres@127.0.0.1:${this[which]}/postgres`
  }

  /** In an orderly way: the old primary is left running, and takes no writes any more. */
  async demote(): Promise<void> {
    await runOn(this.urlOf('primary'), `alter system set default_transaction_read_only = on`)
    await runOn(this.urlOf('primary'), 'select pg_reload_conf()')
  }

  kill = (): Promise<void> => run('pg_ctl', 'stop', '-m', 'immediate', '-D', join(this.#folder, 'primary'))

  promote = (): Promise<void> => run('pg_ctl', 'promote', '-w', '-D', join(this.#folder, 'standby'))

  async remove(): Promise<void> {
    for (const which of ['primary', 'standby'] as const) await run('pg_ctl', 'stop', '-m', 'immediate', '-D', join(this.#folder, which)).catch(() => {})
    await rm(this.#folder, { recursive: true, force: true })
  }

  #startOne(which: 'primary' | 'standby', port: number): Promise<void> {
    const folder = join(this.#folder, which)
    const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c hot_standby=on`
    return run('pg_ctl', 'start', '-w', '-D', folder, '-l', join(this.#folder, `${which}.log`), '-o', options)
  }
}

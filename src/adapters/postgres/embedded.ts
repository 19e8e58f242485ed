import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messages, protocol } from '@electric-sql/pglite'
import { MikroORM, type PgliteConnection } from '@mikro-orm/pglite'
import { type Database, databaseOver, type Opening } from './database.ts'
import { lockDirectory } from './directory-lock.ts'
import { told } from './faults.ts'
import { applyMigrations, ORM_OPTIONS } from './migrations/migrate.ts'
import { inOrder, inTurn, type Parameter, type Row, type Runner, type Session, type Statement, type Values } from './session.ts'
import { localWakes } from './wakes.ts'

export interface EmbeddedSettings extends Options {
  readonly directory: string
}

type Options = Pick<Opening, 'trashDays' | 'span'>

const { serialize } = protocol

/** The role that serves requests: PGlite's own user is a superuser, whom no policy holds. */
const ROLE = 'taskward'

const BECOME_ROLE = `do $$ begin
if not exists (select from pg_roles where rolname = '${ROLE}') then create role ${ROLE}; end if;
grant all on schema public to ${ROLE};
end $$;
set role ${ROLE};`

/** @throws {DirectoryInUse} where another process holds the directory */
export async function openEmbedded({ directory, ...options }: EmbeddedSettings): Promise<Database> {
  const { cluster, release } = await openHeld(directory)
  const database = embeddedOver(cluster, options)
  return { ...database, close: () => database.close().finally(release) }
}

/** The cluster of a directory, which nobody else opens until it is released. @throws {DirectoryInUse} */
export async function openHeld(directory: string): Promise<{ readonly cluster: Cluster; release(): void }> {
  const lock = lockDirectory(directory)
  try {
    return { cluster: await openCluster(await placeIn(directory)), release: lock.release }
  } catch (fault) {
    lock.release()
    throw fault
  }
}

/** PGlite running, by way of the ORM. */
export interface Cluster {
  readonly orm: Awaited<ReturnType<typeof connect>>
  readonly pglite: PGlite
  readonly session: Session
}

type PGlite = Awaited<ReturnType<PgliteConnection['getNativeClient']>>

/** @param place a folder, made where it is not there; or `memory://` */
export async function openCluster(place: string): Promise<Cluster> {
  const orm = await connect(place)
  const pglite = await orm.em.getConnection().getNativeClient()
  await pglite.exec(BECOME_ROLE)
  return { orm, pglite, session: new EmbeddedSession(pglite) }
}

const connect = (place: string) => MikroORM.init({ ...ORM_OPTIONS, dbName: place })

export async function closeCluster({ orm, pglite }: Cluster): Promise<void> {
  await pglite.close()
  await orm.close(true)
}

export function embeddedOver(cluster: Cluster, options: Options = {}): Database {
  return databaseOver({
    kind: 'embedded',
    session: cluster.session,
    wakes: localWakes(),
    ...options,
    migrate: (role) => applyMigrations(cluster.orm.em.getConnection(), cluster.orm.migrator, role),
    close: () => closeCluster(cluster),
  })
}

/** Where the database is, made beside its place and moved there when it is whole: a first start that is killed leaves nothing that is not. */
async function placeIn(directory: string): Promise<string> {
  const place = join(directory, 'database')
  if (existsSync(place)) return place
  const beside = join(directory, 'database.new')
  await rm(beside, { recursive: true, force: true })
  await closeCluster(await openCluster(beside))
  await rename(beside, place)
  return place
}

/** Speaks the protocol itself, so that a named statement is parsed and planned once: that is two thirds of what it costs. */
class EmbeddedSession implements Session {
  readonly #pglite: PGlite
  readonly #prepared = new Set<string>()

  constructor(pglite: PGlite) {
    this.#pglite = pglite
  }

  async run(statement: Statement, values: Values): Promise<readonly Row[]> {
    try {
      return await this.#pglite.runExclusive(() => this.#execute(statement, inOrder(statement, values)))
    } catch (fault) {
      throw told(fault)
    }
  }

  async transaction<T>(work: (within: Runner) => Promise<T>, isKept: (result: T) => boolean): Promise<T> {
    const command = (text: string) => this.#execute({ name: undefined, text, parameters: [] }, [])
    try {
      return await this.#pglite.runExclusive(async () => {
        await command('begin')
        try {
          const result = await work({ run: inTurn((statement, values) => this.#execute(statement, inOrder(statement, values))) })
          await command(isKept(result) ? 'commit' : 'rollback')
          return result
        } catch (fault) {
          await command('rollback')
          throw fault
        }
      })
    } catch (fault) {
      throw told(fault)
    }
  }

  async #execute({ name = '', text }: Statement, values: readonly Parameter[]): Promise<readonly Row[]> {
    if (!this.#prepared.has(name)) await this.#send(serialize.parse({ name, text }))
    if (name !== '') this.#prepared.add(name)
    const answers = await this.#send(serialize.bind({ statement: name, values: values.map(asText) }), serialize.execute({}))
    return answers.flatMap((message) => (message instanceof messages.DataRowMessage ? [message.fields] : []))
  }

  /** What it is told with one `Sync` at the end is a transaction: all of it or nothing. */
  async #send(...parts: readonly Uint8Array[]): Promise<readonly messages.BackendMessage[]> {
    return (await this.#pglite.execProtocol(Buffer.concat([...parts, serialize.sync()]))).messages
  }
}

/** As PostgreSQL reads it from text: `{"a","b"}` for a list. */
const asText = (value: Parameter): string | null =>
  value === null || typeof value === 'string'
    ? value
    : typeof value === 'number'
      ? String(value)
      : `{${value.map((one) => `"${one.replaceAll(/["\\]/g, '\\$&')}"`).join()}}`

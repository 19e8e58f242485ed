import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MikroORM, type PgliteConnection } from '@mikro-orm/pglite'
import { type Database, databaseOver } from './database.ts'
import { lockDirectory } from './directory-lock.ts'
import { told } from './faults.ts'
import { applyMigrations, ORM_OPTIONS } from './migrations/migrate.ts'
import { inOrder, type Row, type Session, type Statement, type Values } from './session.ts'

export interface EmbeddedSettings {
  readonly directory: string
  readonly trashDays?: number | undefined
}

/** The role that serves requests: PGlite's own user is a superuser, whom no policy holds. */
const ROLE = 'taskward'

const BECOME_ROLE = `do $$ begin
if not exists (select from pg_roles where rolname = '${ROLE}') then create role ${ROLE}; end if;
grant all on schema public to ${ROLE};
end $$;
set role ${ROLE};`

/** @throws {DirectoryInUse} where another process holds the directory */
export async function openEmbedded({ directory, trashDays }: EmbeddedSettings): Promise<Database> {
  const lock = lockDirectory(directory)
  try {
    const database = embeddedOver(await openCluster(await placeIn(directory)), trashDays)
    return { ...database, close: () => database.close().finally(() => lock.release()) }
  } catch (fault) {
    lock.release()
    throw fault
  }
}

/** PGlite running, by way of the ORM. */
export interface Cluster {
  readonly orm: Awaited<ReturnType<typeof connect>>
  readonly pglite: PGlite
}

type PGlite = Awaited<ReturnType<PgliteConnection['getNativeClient']>>

/** @param place a folder, made where it is not there; or `memory://` */
export async function openCluster(place: string): Promise<Cluster> {
  const orm = await connect(place)
  const pglite = await orm.em.getConnection().getNativeClient()
  await pglite.exec(BECOME_ROLE)
  return { orm, pglite }
}

const connect = (place: string) => MikroORM.init({ ...ORM_OPTIONS, dbName: place })

async function closeCluster({ orm, pglite }: Cluster): Promise<void> {
  await pglite.close()
  await orm.close(true)
}

export function embeddedOver(cluster: Cluster, trashDays?: number): Database {
  const session = new EmbeddedSession(cluster.pglite)
  return databaseOver({
    kind: 'embedded',
    session,
    trashDays,
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

class EmbeddedSession implements Session {
  readonly #pglite: PGlite

  constructor(pglite: PGlite) {
    this.#pglite = pglite
  }

  async run(statement: Statement, values: Values): Promise<readonly Row[]> {
    try {
      const { rows } = await this.#pglite.query<Row>(statement.text, inOrder(statement, values), { rowMode: 'array' })
      return rows
    } catch (fault) {
      throw told(fault)
    }
  }
}

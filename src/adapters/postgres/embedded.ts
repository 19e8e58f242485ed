import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { type Database, databaseOver, type Opening } from './database.ts'
import { lockDirectory } from './directory-lock.ts'
import { EmbeddedSession } from './embedded-session.ts'
import { vacuumWritten } from './embedded-vacuum.ts'
import type { Session } from './session.ts'
import { localWakes } from './wakes.ts'

export interface EmbeddedSettings extends Options {
  readonly directory: string
}

type Options = Pick<Opening, 'trashDays' | 'span'>

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

/**
 * The usual 128 MB for tables are written with zeros at each start, a quarter of its time, and the system keeps what was read of the files besides.
 * And a table is walked through only where no index leads to its rows, however few there are yet.
 */
const PARAMETERS = ['-c', 'shared_buffers=32MB', '-c', 'enable_seqscan=off']

/** PGlite running. */
export interface Cluster {
  readonly pglite: PGlite
  readonly session: Session
}

/** @param place a folder, made where it is not there; or `memory://` */
export async function openCluster(place: string): Promise<Cluster> {
  const pglite = await PGlite.create(place, { startParams: [...PGlite.defaultStartParams, ...PARAMETERS] })
  await pglite.exec(BECOME_ROLE)
  return { pglite, session: new EmbeddedSession(pglite) }
}

/** @param last the migration to stop after */
export async function migrateCluster({ pglite }: Cluster, role: string | undefined, last?: string): Promise<readonly string[]> {
  const { migrateEmbedded } = await import('./migrations/orm.ts')
  return migrateEmbedded(pglite, role, last)
}

export function embeddedOver(cluster: Cluster, options: Options = {}): Database {
  return databaseOver({
    kind: 'embedded',
    session: cluster.session,
    wakes: localWakes(),
    ...options,
    migrate: (role) => migrateCluster(cluster, role),
    vacuum: () => vacuumWritten(cluster.pglite),
    close: () => cluster.pglite.close(),
  })
}

/** Where the database is, made beside its place and moved there when it is whole: a first start that is killed leaves nothing that is not. */
async function placeIn(directory: string): Promise<string> {
  const place = join(directory, 'database')
  if (existsSync(place)) return place
  const beside = join(directory, 'database.new')
  await rm(beside, { recursive: true, force: true })
  await (await openCluster(beside)).pglite.close()
  await rename(beside, place)
  return place
}

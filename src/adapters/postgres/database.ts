import type { DueWork } from '../../application/due-work.ts'
import type { Connections, Levels } from '../../application/observation.ts'
import type { TaskStore } from '../../application/ports.ts'
import type { Traceable } from '../../application/tracing.ts'
import { dueWork } from './due-work.ts'
import type { Share } from './fair-share.ts'
import { isUndefinedTable } from './faults.ts'
import { MIGRATIONS, TRACKING_TABLE } from './migrations/names.ts'
import { onlyRow, type Session, statement } from './session.ts'
import { createTaskStore } from './task-store.ts'
import { tracedSession } from './traced-session.ts'
import type { Wakes } from './wakes.ts'

/** How long a task stays in the trash where nothing else is set. */
const TRASH_DAYS = 30

/** A database that is open. Nothing but `tasks` reaches a task, and that not without its owner. */
export interface Database {
  readonly kind: 'server' | 'embedded'
  readonly tasks: TaskStore
  readonly work: DueWork
  /** 32 bytes, made by the first migration, the same for every process (STORE-09). */
  secret(): Promise<Uint8Array>
  /** Brings the schema up to date; where several do so at once, one of them does. @returns the names of what was applied */
  migrate(): Promise<readonly string[]>
  /** The names of what `migrate` would apply; changes nothing. */
  pendingMigrations(): Promise<readonly string[]>
  /** Whether the role that serves requests is one that row security does not hold: a superuser, or `BYPASSRLS`. */
  bypassesRowSecurity(): Promise<boolean>
  isReachable(): Promise<boolean>
  /** Makes room of what is dead (STORE-21); undefined where the server does it by itself. */
  readonly vacuum?: (() => Promise<void>) | undefined
  /** Of the pool; undefined where there is none. */
  readonly connections: (() => Connections) | undefined
  /** Waits for what is under way. */
  close(): Promise<void>
}

export interface Opening extends Traceable, Pick<Levels, 'connections'> {
  readonly kind: Database['kind']
  readonly session: Session
  readonly wakes: Wakes
  readonly share?: Share | undefined
  /** @param role the one that serves requests, which another one may migrate for */
  migrate(role: string): Promise<readonly string[]>
  /** It has to be asked even where nothing is missing: the role may have to be given what it needs. */
  readonly grantsAnew?: boolean
  readonly vacuum?: Database['vacuum']
  close(): Promise<void>
  readonly trashDays?: number | undefined
}

const SECRET = statement('secret', `select encode(secret, 'hex') from server_secret`, true)
const ROLE = statement('role', 'select current_user::text, (rolsuper or rolbypassrls)::text from pg_roles where rolname = current_user', true)
const REACH = statement('reach', `select 'here'`)
const APPLIED = statement(undefined, `select name::text from ${TRACKING_TABLE} order by id`, true)

/** The names of the migrations that a database has, in their order; none where it has no tables yet. */
export async function appliedMigrations(session: Session): Promise<readonly string[]> {
  try {
    return (await session.run(APPLIED, {})).flatMap(([name]) => name ?? [])
  } catch (fault) {
    if (isUndefinedTable(fault)) return []
    throw fault
  }
}

export function databaseOver({
  kind,
  session,
  wakes,
  share,
  migrate,
  grantsAnew = false,
  vacuum,
  close,
  trashDays = TRASH_DAYS,
  span,
  connections,
}: Opening): Database {
  const asked = span === undefined ? session : tracedSession(session, span)
  const role = async (): Promise<readonly (string | null)[]> => {
    // Asked at the start, so that no request waits for it.
    await session.isDistributed()
    return onlyRow(await session.run(ROLE, {}))
  }
  const pendingMigrations = async (): Promise<readonly string[]> => {
    const names = await appliedMigrations(session)
    return MIGRATIONS.filter((name) => !names.includes(name))
  }
  return {
    kind,
    tasks: createTaskStore(asked, trashDays, wakes, share),
    work: dueWork(session),
    secret: async () => Buffer.from(onlyRow(await session.run(SECRET, {}))[0] ?? '', 'hex'),
    // What migrates takes long to load, and memory for good: most starts have nothing to do.
    migrate: async () => (!grantsAnew && (await pendingMigrations()).length === 0 ? [] : migrate((await role())[0] ?? '')),
    pendingMigrations,
    bypassesRowSecurity: async () => (await role())[1] === 'true',
    isReachable: () =>
      session.run(REACH, {}).then(
        () => true,
        () => false,
      ),
    vacuum,
    connections,
    close: () => wakes.close().then(close),
  }
}

import { setTimeout } from 'node:timers/promises'
import { type Writer, writer } from './backup-lines.ts'
import { ENTITIES } from './entities.ts'
import { isLockTimeout } from './faults.ts'
import type { Keeper } from './keeper.ts'
import { MIGRATIONS } from './migrations/names.ts'
import { type Row, type Runner, type Statement, statement } from './session.ts'

/** How far a backup or a restoration is. */
export interface Progress {
  readonly rows: number
  readonly owners: number
  /** Of all that there are. */
  readonly of: number
}

/** Tables with rows of owners, each behind those that it refers to. */
const TABLES = ENTITIES.map(({ meta }) => meta.tableName).filter((table) => table !== 'server_secret')

/** Owners that are read together, and rows that are held at once: one with everything that it may have is some 100 KB. */
const [OWNERS_AT_ONCE, ROWS_AT_ONCE] = [500, 200]

/** How often the lock is asked for, for up to half a second each time, and milliseconds in between: whoever writes meanwhile waits so long. */
const [TRIES, PAUSE] = [20, 500]

const command = (text: string): Statement => statement(undefined, text)

/** One look for all of it; moments print the same under every setting of the server. */
const LOOK = [command('set transaction isolation level repeatable read'), command(`set local time zone 'UTC'`)]

/** Inside the savepoint the owners are there for the role that owns the table, and for nobody else; it goes back before anything else is read. */
const ASIDE = command('savepoint aside')
const UNFORCED = [command(`set local lock_timeout = '500ms'`), command('alter table owners no force row level security')]
const BACK = command('rollback to savepoint aside')

const OWNERS = command('select owner_id from owners order by owner_id')

/** Runs what needs to see every owner's row in `owners`, and only that. */
export async function seeingOwners(within: Runner, asked: Statement): Promise<readonly Row[]> {
  for (let tries = 1; ; tries++) {
    await within.run(ASIDE, {})
    try {
      for (const step of UNFORCED) await within.run(step, {})
      return await within.run(asked, {})
    } catch (fault) {
      if (tries === TRIES || !isLockTimeout(fault)) throw fault
    } finally {
      await within.run(BACK, {})
    }
    await setTimeout(PAUSE)
  }
}

/** The tables are of another version than this program. */
export class NotUpToDate extends Error {
  constructor() {
    super('the tables are not those of this version')
    this.name = 'NotUpToDate'
  }
}

/**
 * Everything of every owner, in one look (BACKUP-01), each read as that owner (BACKUP-02). Changes nothing.
 * @param write gets whole lines
 * @throws {NotUpToDate}
 */
export async function backUp({ session, applied }: Keeper, write: (text: string) => Promise<void>, tell: (progress: Progress) => void): Promise<void> {
  const migrations = await applied()
  if (migrations.join() !== MIGRATIONS.join()) throw new NotUpToDate()
  let isBegun = false
  await session.transaction(
    async (within) => {
      for (const step of LOOK) await within.run(step, {})
      const owners = (await seeingOwners(within, OWNERS)).flatMap(([id]) => id ?? [])
      // A session begins a transaction anew that others made fail; what is written is not taken back.
      if (isBegun) throw new Error('the backup was interrupted after it had begun')
      isBegun = true
      const file = writer(write)
      await file.begin({ migrations, owners: owners.length })
      let rows = 0
      for (let at = 0; at < owners.length; at += OWNERS_AT_ONCE) {
        const some = owners.slice(at, at + OWNERS_AT_ONCE)
        for (const table of TABLES) {
          for await (const count of copyTable(within, table, some, file)) {
            rows += count
            tell({ rows, owners: at, of: owners.length })
          }
        }
      }
      await file.end()
      tell({ rows, owners: owners.length, of: owners.length })
    },
    () => false,
    { isCopying: true },
  )
}

const FETCH = command(`fetch ${ROWS_AT_ONCE} from walk`)
const CLOSE = command('close walk')

/** The scope is set anew before an owner's rows are looked for, and the policies see no other ones: as everywhere (OWN-05). */
const walk = (table: string): Statement =>
  command(`declare walk no scroll cursor for select answer.line from unnest($owners::text[]) as wanted (owner),
lateral (select set_config('app.owner_id', wanted.owner, true) as owner offset 0) scope,
lateral (select row_to_json(t)::text as line from ${table} t where t.owner_id = scope.owner offset 0) answer`)

/** @yields how many rows went into the file */
async function* copyTable(within: Runner, table: string, owners: readonly string[], file: Writer): AsyncIterable<number> {
  await within.run(walk(table), { owners })
  for (let rows = await within.run(FETCH, {}); rows.length > 0; rows = await within.run(FETCH, {})) {
    for (const [line] of rows) if (line != null) await file.add(table, line)
    yield rows.length
  }
  await within.run(CLOSE, {})
}

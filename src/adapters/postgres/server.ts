import { MikroORM } from '@mikro-orm/postgresql'
import type { CustomTypesConfig, Pool, PoolClient, PoolConfig } from 'pg'
import { type Database, databaseOver } from './database.ts'
import { isBroken, isRollback, isUnprepared, isUnsupportedParameter, told } from './faults.ts'
import { applyMigrations, ORM_OPTIONS } from './migrations/migrate.ts'
import { inOrder, type Row, type Runner, type Session, type Statement, type Values } from './session.ts'
import { serverWakes } from './wakes.ts'

export interface ServerSettings {
  /** `postgres://…`, TLS parameters and `schema=…` among it where wanted. */
  readonly url: string
  /** Connections, at most. */
  readonly pool: number
  /** Migrates as this role, which then owns the tables. */
  readonly migrationUrl?: string | undefined
  readonly trashDays?: number | undefined
  /** Told of connections that the server has closed. */
  readonly warn?: ((what: string) => void) | undefined
}

/** Milliseconds: to connect or to wait for a free connection; for the server to run a statement; and for its answer to arrive. */
const [CONNECTING, RUNNING, ANSWERING] = [2_000, 10_000, 12_000]
/** How often a statement is run that was rolled back on account of others, or in a form that the pooler does not take. */
const TRIES = 4

/** Opens the pool; connects with the first statement. */
export async function openServer({ url, pool, migrationUrl = url, trashDays, warn = () => {} }: ServerSettings): Promise<Database> {
  const orm = await connect(url, { max: pool, statement_timeout: RUNNING, query_timeout: ANSWERING }, warn)
  const connections = await orm.em.getConnection().getNativeClient()
  const session = new PoolSession(connections)
  return databaseOver({
    kind: 'server',
    session,
    wakes: serverWakes(session, connections.options, warn),
    trashDays,
    close: () => connections.end().then(() => orm.close(true)),
    migrate: async (role) => {
      // Of its own, without a limit to how long a statement runs: two connections, one of which holds the lock.
      const migrating = await connect(migrationUrl, { max: 2 }, warn)
      try {
        return await applyMigrations(migrating.em.getConnection(), migrating.migrator, role)
      } catch (fault) {
        throw told(fault)
      } finally {
        await migrating.close(true)
      }
    },
  })
}

async function connect(url: string, options: PoolConfig, warn: (what: string) => void) {
  const target = new URL(url)
  const schema = target.searchParams.get('schema')
  target.searchParams.delete('schema')
  // What `pg` takes these for anyway, and says so on standard error each time.
  if (['prefer', 'require', 'verify-ca'].includes(target.searchParams.get('sslmode') ?? '') && !target.searchParams.has('uselibpqcompat'))
    target.searchParams.set('sslmode', 'verify-full')
  return MikroORM.init({
    ...ORM_OPTIONS,
    clientUrl: target.href,
    dbName: decodeURIComponent(target.pathname.slice(1) || target.username),
    ...(schema === null ? {} : { schema }),
    driverOptions: {
      connectionString: target.href,
      connectionTimeoutMillis: CONNECTING,
      keepAlive: true,
      application_name: 'taskward',
      // An idle connection that is cut is told here, and would end the process if nobody listened.
      onPoolCreated: (connections: Pool) => void connections.on('error', ({ message }) => warn(`a connection to the database was lost: ${message}`)),
      ...(schema === null ? {} : { options: `-c search_path=${schema}` }),
      ...options,
    },
  })
}

/** Rows as the server sent them: every column is text already. */
const AS_TEXT: CustomTypesConfig = { getTypeParser: () => (value: unknown) => value }

class PoolSession implements Session {
  readonly #pool: Pool
  #prepares = true

  constructor(pool: Pool) {
    this.#pool = pool
  }

  run(statement: Statement, values: Values): Promise<readonly Row[]> {
    const parameters = inOrder(statement, values)
    return this.#persistently(() => this.#runOnce(statement, parameters))
  }

  transaction<T>(work: (within: Runner) => Promise<T>, isKept: (result: T) => boolean): Promise<T> {
    return this.#persistently(() =>
      this.#onClient(async (client) => {
        await client.query('begin')
        try {
          const result = await work({ run: (statement, values) => this.#query(client, statement, values) })
          await client.query(isKept(result) ? 'commit' : 'rollback')
          return result
        } catch (fault) {
          // A connection that is broken is closed, which rolls back too.
          if (!isBroken(fault)) await client.query('rollback')
          throw fault
        }
      }),
    )
  }

  async #persistently<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work()
      } catch (fault) {
        if (tries === TRIES || !(this.#adapts(fault) || isRollback(fault))) throw told(fault)
      }
    }
  }

  /** Poolers differ in what they pass on: what one does not take is done without from then on. */
  #adapts(fault: unknown): boolean {
    if (isUnprepared(fault)) this.#prepares = false
    else if (isUnsupportedParameter(fault)) delete this.#pool.options.statement_timeout
    else return false
    return true
  }

  async #onClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let broken = false
    try {
      return await work(client)
    } catch (fault) {
      broken = isBroken(fault)
      throw fault
    } finally {
      client.release(broken)
    }
  }

  /** By callbacks: with a promise for each step a page costs a tenth more of this process's time. */
  #runOnce({ name, text }: Statement, values: unknown[]): Promise<readonly Row[]> {
    const named = name !== undefined && this.#prepares ? { name } : {}
    return new Promise((resolve, reject) => {
      this.#pool.connect((unconnected, client, release) => {
        if (client === undefined) return reject(unconnected)
        void client.query<(string | null)[]>({ ...named, text, values, rowMode: 'array', types: AS_TEXT }, (fault, result) => {
          // The driver's types say otherwise, but there is no fault where all went well.
          const isFault = fault instanceof Error
          release(isFault && isBroken(fault))
          if (isFault) reject(fault)
          else resolve(result.rows)
        })
      })
    })
  }

  async #query(client: PoolClient, statement: Statement, given: Values): Promise<readonly Row[]> {
    const { name, text } = statement
    const values: unknown[] = inOrder(statement, given)
    const named = name !== undefined && this.#prepares ? { name } : {}
    return (await client.query<(string | null)[]>({ ...named, text, values, rowMode: 'array', types: AS_TEXT })).rows
  }
}

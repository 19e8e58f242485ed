import type { CustomTypesConfig, Pool, PoolClient } from 'pg'
import { isBroken, isRollback, isUnprepared, isUnsupportedParameter, told } from './faults.ts'
import { inOrder, type Row, type Runner, type Session, type Statement, type Values } from './session.ts'

/** How often a statement is run that was rolled back on account of others, or in a form that the pooler does not take. */
const TRIES = 4

/** Rows as the server sent them: every column is text already. */
const AS_TEXT: CustomTypesConfig = { getTypeParser: () => (value: unknown) => value }

/** Runs statements on the connections of a pool, by name where the pooler in between takes that. */
export class PoolSession implements Session {
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

import { setTimeout as pause } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { beginning, IS_DISTRIBUTED } from './beginning.ts'
import { Connections, setPipelining } from './connections.ts'
import { isBroken, isMisled, isRollback, isUnprepared, isUnsupportedParameter, told } from './faults.ts'
import { HURRIED, patienceOf } from './patience.ts'
import { Query } from './query.ts'
import { inOrder, onlyRow, type Parameter, type Row, type Runner, type Session, type Statement, type TransactionTerms, type Values } from './session.ts'

/** How often a statement is run that was rolled back on account of others, or in a form that the pooler does not take. */
const TRIES = 4
/** Milliseconds before the second of them, at most; twice as many before each that follows. */
const PAUSE = 25

/** Runs statements on the connections of a pool, by name where the pooler in between takes that. */
export class PoolSession implements Session {
  readonly #connections: Connections
  #prepares = true
  #isDistributed: boolean | undefined

  constructor(pool: Pool) {
    this.#connections = new Connections(pool)
  }

  run(statement: Statement, values: Values, waited = 0): Promise<readonly Row[]> {
    // In a transaction, for which alone the server is told to be patient: behind a pooler its connection is another's the next moment.
    if (statement.isUnhurried)
      return this.transaction(
        ({ run }) => run(statement, values),
        () => true,
        { isUnhurried: true },
      )
    return this.#ask(statement, inOrder(statement, values), waited)
  }

  transaction<T>(work: (within: Runner) => Promise<T>, isKept: (result: T) => boolean, terms: TransactionTerms = {}): Promise<T> {
    return this.#persistently(patienceOf(terms).whole - (terms.waited ?? 0), (left) => this.#transact(terms, left, work, isKept))
  }

  isDistributed(): boolean | Promise<boolean> {
    return (
      this.#isDistributed ??
      this.#ask(IS_DISTRIBUTED, [], 0).then((rows) => {
        this.#isDistributed = onlyRow(rows)[0] === 'true'
        return this.#isDistributed
      })
    )
  }

  #ask(statement: Statement, parameters: readonly Parameter[], waited: number): Promise<readonly Row[]> {
    const { connecting, answering } = HURRIED
    return this.#persistently(connecting + answering - waited, (left) => this.#runOnce(statement, parameters, left - answering))
  }

  /** @param left milliseconds for all of it */
  async #transact<T>(terms: TransactionTerms, left: number, work: (within: Runner) => Promise<T>, isKept: (result: T) => boolean): Promise<T> {
    const end = performance.now() + left
    const { connecting, running, answering } = patienceOf(terms)
    return this.#onClient(Math.min(connecting, left), async (client) => {
      setPipelining(client, true)
      let sent = 0
      try {
        await client.query(beginning(terms))
        const result = await work({
          hasOwner: terms.owner !== undefined,
          run: async (statement, values) => {
            const remaining = end - performance.now()
            if (remaining <= 0) throw new Error('query read timeout: the transaction takes too long')
            // Each that was sent before and is not answered yet may run for as long as one may.
            const patience = Math.min(answering + running * sent++, remaining)
            return this.#send(client, statement, inOrder(statement, values), patience).finally(() => sent--)
          },
        })
        await client.query(isKept(result) ? 'commit' : 'rollback')
        return result
      } catch (fault) {
        // A connection that is broken is closed, which rolls back too.
        if (!isBroken(fault)) await client.query('rollback')
        throw fault
      } finally {
        setPipelining(client, false)
      }
    })
  }

  /**
   * Tries again only what was not carried out, and only while its answer would come in time (OPS-06).
   * @param within milliseconds; `work` is given what is left of them
   */
  async #persistently<T>(within: number, work: (left: number) => Promise<T>): Promise<T> {
    const end = performance.now() + within
    for (let tries = 1, left = within; ; tries++) {
      try {
        return await work(left)
      } catch (fault) {
        if (isMisled(fault)) this.#connections.distrust()
        const wait = this.#adapts(fault) ? 0 : isRollback(fault) ? Math.random() * PAUSE * 2 ** (tries - 1) : Number.POSITIVE_INFINITY
        left = end - performance.now() - wait
        if (tries === TRIES || left <= HURRIED.answering) throw told(fault)
        await pause(wait)
      }
    }
  }

  /** Poolers differ in what they pass on: what one does not take is done without from then on. */
  #adapts(fault: unknown): boolean {
    if (isUnprepared(fault)) this.#prepares = false
    else if (isUnsupportedParameter(fault)) this.#connections.withoutStatementTimeout()
    else return false
    return true
  }

  async #onClient<T>(patience: number, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const [client, release] = await new Promise<Parameters<Parameters<Connections['borrow']>[1]>>((resolve, reject) => {
      this.#connections.borrow(patience, (...lent) => resolve(lent), reject)
    })
    let broken = false
    try {
      return await work(client)
    } catch (fault) {
      broken = isBroken(fault)
      throw fault
    } finally {
      release(broken)
    }
  }

  /** By callbacks: with a promise for each step a page costs a tenth more of this process's time. */
  #runOnce(statement: Statement, values: readonly Parameter[], patience: number): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      const lend = (client: PoolClient, release: (isBroken: boolean) => void): void => {
        const answered = (fault: unknown, rows: readonly Row[]): void => {
          release(fault !== null && isBroken(fault))
          if (fault === null) resolve(rows)
          else reject(fault)
        }
        client.query(new Query(statement, values, this.#prepares, answered))
      }
      this.#connections.borrow(patience, lend, reject)
    })
  }
  #send(client: PoolClient, statement: Statement, values: readonly Parameter[], answering: number): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      const answered = (fault: unknown, rows: readonly Row[]): void => (fault === null ? resolve(rows) : reject(fault))
      client.query(new Query(statement, values, this.#prepares, answered, answering))
    })
  }
}

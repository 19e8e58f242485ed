import type { Pool, PoolClient } from 'pg'

/** Gives a connection back; one that is broken is closed. */
export type Release = (isBroken: boolean) => void

/** The connections of a pool, lent to whoever waits for one. */
export class Connections {
  readonly #pool: Pool
  #trusted = new WeakSet<PoolClient>()

  constructor(pool: Pool) {
    this.#pool = pool
    pool.on('connect', (client) => this.#trusted.add(client))
  }

  /**
   * Calls one of the two, once. A connection that is made too late is there for the next one: were it given up, a database to which
   * connecting takes long could never be reached.
   * @param patience milliseconds
   */
  borrow(patience: number, lend: (client: PoolClient, release: Release) => void, fail: (fault: unknown) => void): void {
    let isAwaited = true
    const impatience = setTimeout(() => {
      isAwaited = false
      fail(new Error('timeout exceeded when trying to connect'))
    }, patience)
    const ask = (): void =>
      this.#pool.connect((unconnected, client, release) => {
        // Without a client there is nothing to give it back by, whatever the driver's types say.
        if (!isAwaited) return client === undefined ? undefined : release()
        if (client !== undefined && !this.#trusted.has(client)) {
          release(true)
          return ask()
        }
        clearTimeout(impatience)
        if (client === undefined) fail(unconnected)
        else lend(client, release)
      })
    ask()
  }

  /** None that is open now is lent again: it may lead to nowhere, or to a server that others have left. */
  distrust(): void {
    this.#trusted = new WeakSet()
  }

  /** For connections that are made from now on. */
  withoutStatementTimeout(): void {
    delete this.#pool.options.statement_timeout
  }
}

/** Whether statements are sent without waiting for the answers to those before. Where one is sent at a time that costs each a twentieth more. */
export const setPipelining = (client: PoolClient, pipeline: boolean): void => void Object.assign(client, { pipeline })

import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a network may do to one chunk on its way; nothing of it is due to either end. */
export interface Weather {
  /** Milliseconds that every chunk takes, each way. */
  readonly latency?: number
  /** Up to so many milliseconds more, by chance. */
  readonly jitter?: number
  /** Bytes that come through at once, every 10 ms. */
  readonly trickle?: number
  /** Every connection is taken, and nothing comes through any more. */
  readonly blackHole?: boolean
  /** Each connection is cut once so many bytes of answers came through. */
  readonly cutAfter?: number
  /** The answer to what asks for this is swallowed, once the database gave it, and the connection is cut. */
  readonly loseAnswerTo?: RegExp
}

/** The client ends the connection: what closes it takes its time, and is not counted (PostgreSQL, section 54.7; OPS-05). */
const TERMINATE = Buffer.from('X\0\0\0\x04', 'latin1')

/** Milliseconds that a connection may take to close once another one is opened. */
const CLOSING = 250

interface Way {
  readonly from: Socket
  readonly to: Socket
  readonly isAnswer: boolean
}

/** A loopback TCP proxy between a server and its database, whose weather the test makes. */
export class TcpProxy {
  readonly #server: Server
  #target: number
  readonly #pairs = new Set<readonly [client: Socket, database: Socket]>()
  /** Of each connection that was not refused, the end at the database. */
  readonly #counted = new Set<Socket>()
  readonly #stranded = new WeakSet<Socket>()
  #weather: Weather = {}
  /** The most connections that were open at once, those aside that were being closed. */
  most = 0
  /** Connections that were cut on their way back from a statement that `loseAnswerTo` names. */
  lost = 0

  private constructor(server: Server, target: number) {
    this.#server = server
    this.#target = target
    server.on('connection', (client) => this.#take(client))
  }

  static async open(target: number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: false })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    return new TcpProxy(server, target)
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return address.port
  }

  /** From now on, for open connections too; what a black hole has taken is gone. */
  become(weather: Weather): void {
    this.#weather = weather
  }

  /** What is opened from now on goes to another port; what is open stays where it is. */
  leadTo(target: number): void {
    this.#target = target
  }

  /** Nothing comes through what is open any more, whatever the weather; what is opened from now on is as ever. */
  strand(): void {
    for (const pair of this.#pairs) this.#stranded.add(pair[0]).add(pair[1])
  }

  /** Cuts what is open with an RST. */
  reset(): void {
    for (const [client, database] of this.#pairs) {
      client.resetAndDestroy()
      database.destroy()
    }
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
    await new Promise((closed) => this.#server.close(closed))
  }

  #take(client: Socket): void {
    const database = connect(this.#target, '127.0.0.1')
    const pair = [client, database] as const
    this.#pairs.add(pair)
    this.#counted.add(database)
    // What this one stands in for may be about to close.
    setTimeout(() => (this.most = Math.max(this.most, this.#counted.size)), CLOSING)
    const end = (): void => {
      this.#pairs.delete(pair)
      this.#counted.delete(database)
      client.destroy()
      database.destroy()
    }
    for (const socket of pair) socket.setNoDelay(true).on('error', end).on('end', end).on('close', end)
    const state = { answered: 0, isLosing: false }
    this.#carry({ from: client, to: database, isAnswer: false }, state)
    this.#carry({ from: database, to: client, isAnswer: true }, state)
  }

  #carry({ from, to, isAnswer }: Way, state: { answered: number; isLosing: boolean }): void {
    let before = Promise.resolve()
    from.on('data', (chunk: Buffer) => {
      const { blackHole, loseAnswerTo, cutAfter, latency = 0, jitter = 0, trickle } = this.#weather
      if (blackHole || this.#stranded.has(from)) return
      if (!isAnswer) {
        state.isLosing ||= loseAnswerTo?.test(chunk.toString('latin1')) ?? false
        if (chunk.subarray(-TERMINATE.length).equals(TERMINATE)) this.#counted.delete(to)
      } else {
        // An error for a first answer: the database has refused the connection, and closes it.
        if (state.answered === 0 && chunk[0] === 0x45) this.#counted.delete(from)
        state.answered += chunk.length
        if (state.isLosing) {
          this.lost++
          return void from.destroy()
        }
        if (cutAfter !== undefined && state.answered > cutAfter) {
          to.write(chunk.subarray(0, Math.max(0, chunk.length - (state.answered - cutAfter))), () => to.resetAndDestroy())
          return
        }
      }
      const pieces = trickle === undefined ? [chunk] : slices(chunk, trickle)
      const due = performance.now() + latency + Math.random() * jitter
      for (const piece of pieces) {
        before = before.then(async () => {
          const wait = trickle === undefined ? due - performance.now() : 10
          if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
          if (to.writable) to.write(piece)
        })
      }
    })
  }
}

const slices = (chunk: Buffer, size: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(chunk.length / size) }, (_, at) => chunk.subarray(at * size, (at + 1) * size))

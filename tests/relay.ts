import { connect, createServer, type Socket } from 'node:net'
import { type Duplex, PassThrough, pipeline, Transform } from 'node:stream'

/** What stands between clients and servers, on an address of its own: a balancer, or a pooler. */
export interface Relay {
  readonly port: number
  close(): Promise<void>
}

/** What passes each way; without it all does. */
export interface Passing {
  readonly toServer?: () => Duplex
  readonly toClient?: () => Duplex
}

/** @param ports of the servers on loopback, looked at with each connection, which go to them in turn, past those where nobody listens */
export async function openRelay(ports: () => readonly number[], { toServer = open, toClient = open }: Passing = {}): Promise<Relay> {
  const clients = new Set<Socket>()
  let turn = 0
  const server = createServer({ noDelay: true }, (client) => {
    clients.add(client)
    client.once('close', () => clients.delete(client)).on('error', () => client.destroy())
    const all = ports()
    const first = turn++
    join(client, [...all.slice(first % all.length), ...all.slice(0, first % all.length)])
  })

  function join(client: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) return void client.destroy()
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
    const nextOne = (): void => join(client, others)
    upstream.once('error', nextOne).once('connect', () => {
      upstream.off('error', nextOne)
      pipeline(client, toServer(), upstream, () => upstream.destroy())
      pipeline(upstream, toClient(), client, () => client.destroy())
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const client of clients) client.destroy()
      await closed
    },
  }
}

const open = (): Duplex => new PassThrough()

/** Takes PostgreSQL's messages apart (protocol 3, section "Message Formats") and passes on those that are let through. */
export class Messages extends Transform {
  readonly #passes: (type: string) => boolean
  #isBegun: boolean
  #rest = Buffer.alloc(0)

  /**
   * @param from a client's first message has no type, and is passed on unseen
   * @param passes given the type, one character
   */
  constructor(from: 'client' | 'server', passes: (type: string) => boolean) {
    super()
    this.#isBegun = from === 'server'
    this.#passes = passes
  }

  override _transform(piece: Buffer, _: BufferEncoding, done: () => void): void {
    this.#rest = Buffer.concat([this.#rest, piece])
    for (let message = this.#take(); message !== undefined; message = this.#take()) this.push(message)
    done()
  }

  /** The next whole message that passes. */
  #take(): Buffer | undefined {
    for (;;) {
      const type = this.#isBegun ? 1 : 0
      if (this.#rest.length < type + 4) return undefined
      const length = type + this.#rest.readUInt32BE(type)
      if (this.#rest.length < length) return undefined
      const message = this.#rest.subarray(0, length)
      this.#rest = this.#rest.subarray(length)
      const passes = !this.#isBegun || this.#passes(message.toString('latin1', 0, 1))
      this.#isBegun = true
      if (passes) return message
    }
  }
}

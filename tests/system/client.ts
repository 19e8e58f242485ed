import { Agent, request } from 'node:http'
import { connect } from 'node:net'

/** What came back, or why nothing did. `whole`: the answer ended where its head said it would. */
export type Exchange =
  | { readonly status: number; readonly body: string; readonly whole: boolean }
  /** `begun`: some of an answer had come. */
  | { readonly failed: string; readonly begun: boolean }

/** A client that keeps its connections open, as front ends do. */
export interface Client {
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Exchange>
  close(): void
}

export function createClient(url: string, token: string, sockets = 16): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets })
  return {
    send: (method, path, body, more) =>
      new Promise((resolve) => {
        const text = body === undefined ? undefined : JSON.stringify(body)
        const headers = {
          authorization: `Bearer ${token}`,
          ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...more,
        }
        let begun = false
        const asked = request(`${url}${path}`, { method, agent, headers }, (answer) => {
          begun = true
          let received = ''
          answer.setEncoding('utf8').on('data', (part: string) => (received += part))
          answer.once('close', () => resolve({ status: answer.statusCode ?? 0, body: received, whole: answer.complete }))
          answer.once('error', () => {})
        })
        asked.once('error', (error: NodeJS.ErrnoException) => resolve({ failed: error.code ?? error.message, begun }))
        asked.end(text)
      }),
    close: () => agent.destroy(),
  }
}

/** Creates tasks, so many at once, until something is no longer answered. */
export interface Writers {
  /** The ids of the tasks whose creation was answered with 201. */
  readonly acknowledged: ReadonlySet<string>
  /** All answers and failures, in the order of their arrival. */
  readonly exchanges: readonly Exchange[]
  /** Resolves once so many are acknowledged; rejects if writing ends before that. */
  reached(count: number): Promise<void>
  readonly ended: Promise<void>
}

export function startWriting(client: Client, atOnce: number): Writers {
  const acknowledged = new Set<string>()
  const exchanges: Exchange[] = []
  const waiting: { readonly count: number; readonly resolve: () => void; readonly reject: (reason: Error) => void }[] = []
  let number = 0

  async function write(): Promise<void> {
    for (;;) {
      const exchange = await client.send('POST', '/api/tasks', { title: `task ${number++}`, description: 'x'.repeat(2_000) })
      exchanges.push(exchange)
      if ('failed' in exchange || exchange.status !== 201) return
      if (exchange.whole) acknowledged.add(JSON.parse(exchange.body).id)
      for (const one of waiting) if (acknowledged.size >= one.count) one.resolve()
    }
  }

  const ended = Promise.all(Array.from({ length: atOnce }, write)).then(() => {
    for (const one of waiting) one.reject(new Error(`writing ended after ${acknowledged.size}: ${JSON.stringify(exchanges.at(-1))}`))
  })
  return {
    acknowledged,
    exchanges,
    ended,
    reached: (count) =>
      new Promise((resolve, reject) => {
        waiting.push({ count, resolve, reject })
      }),
  }
}

/** The ids of all tasks there are, by the pages. */
export async function allIds(client: Client): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for (let cursor: string | null = ''; cursor !== null; ) {
    const exchange = await client.send('GET', `/api/tasks?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    if ('failed' in exchange || exchange.status !== 200) throw new Error(`no page: ${JSON.stringify(exchange)}`)
    const page: { readonly items: readonly { readonly id: string }[]; readonly nextCursor: string | null } = JSON.parse(exchange.body)
    for (const { id } of page.items) ids.add(id)
    cursor = page.nextCursor
  }
  return ids
}

/** Begins a request whose body does not come to its end, and waits until the server has its head. */
export async function beginRequest(url: string, token: string) {
  const { hostname, port } = new URL(url)
  const body = JSON.stringify({ title: 'slow' })
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.setEncoding('utf8').on('data', (text: string) => (received += text))
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(received)))
  socket.on('error', () => {})
  socket.write(
    `POST /api/tasks HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
  )
  await new Promise<void>((resolve) => socket.once('data', () => resolve()))
  return { finish: () => void socket.write(body), closed }
}

/** Resolves once the server takes no connection any more. */
export async function refused(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const isRefused = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.destroy()
        resolve(false)
      })
      socket.once('error', () => resolve(true))
    })
  while (!(await isRefused()));
}

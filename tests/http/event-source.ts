import http from 'node:http'
import { tokenOf } from './client.ts'

/** One block of a stream: its fields as sent, or a comment. */
export interface Block {
  readonly id?: string
  readonly event?: string
  readonly data?: string
  readonly comment?: string
}

/** Reads a stream of events, as far as HTML section 9.2 matters here. */
export class EventSource {
  readonly blocks: Block[] = []
  status = 0
  headers: http.IncomingHttpHeaders = {}
  body = ''
  isClosed = false
  readonly #request: http.ClientRequest
  #response: http.IncomingMessage | undefined
  #rest = ''
  readonly #waiting = new Set<() => void>()
  readonly opened: Promise<void>

  constructor(
    port: number,
    query = '',
    { as = 'ada', headers = {}, path = '/api/changes' }: { as?: string; headers?: Record<string, string>; path?: string } = {},
  ) {
    const bearer = as.length > 20 ? as : tokenOf(as)
    const all = { Authorization: `Bearer ${bearer}`, Accept: 'text/event-stream', ...headers }
    this.#request = http.request({ port, host: '127.0.0.1', path: path + query, headers: all, agent: false })
    this.opened = new Promise((resolve, reject) => {
      this.#request.on('error', (error) => {
        this.#close()
        reject(error)
      })
      this.#request.on('response', (response) => {
        this.status = response.statusCode ?? 0
        this.headers = response.headers
        this.#response = response
        response.setEncoding('utf8')
        response.on('data', (text: string) => this.#take(text))
        response.on('error', () => this.#close())
        response.on('close', () => this.#close())
        resolve()
      })
    })
    this.opened.catch(() => undefined)
    this.#request.end()
  }

  get events(): readonly Block[] {
    return this.blocks.filter(({ comment }) => comment === undefined)
  }

  get changes() {
    return this.events.filter(({ event }) => event === 'change').map(({ data = '' }) => JSON.parse(data))
  }

  pause = (): void => void this.#response?.pause()
  resume = (): void => void this.#response?.resume()
  close = (): void => void this.#request.destroy()

  /** Waits until it is so. @throws after ten seconds, or where the stream ends before */
  async until(isSo: () => boolean, seconds = 10): Promise<void> {
    const late = Date.now() + seconds * 1000
    while (!isSo()) {
      if (this.isClosed || Date.now() > late) throw new Error(`${this.isClosed ? 'ended' : 'late'}: ${JSON.stringify(this.blocks.slice(-5))} ${this.body}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, 100)
        const waiting = this.#waiting
        waiting.add(done)
        function done(): void {
          clearTimeout(timer)
          waiting.delete(done)
          resolve()
        }
      })
    }
  }

  async ended(seconds = 10): Promise<void> {
    const late = Date.now() + seconds * 1000
    while (!this.isClosed && Date.now() < late) await new Promise((resolve) => setTimeout(resolve, 20))
    if (!this.isClosed) throw new Error('the stream does not end')
  }

  #take(text: string): void {
    if (this.status !== 200) this.body += text
    this.#rest += text
    for (let end = this.#rest.indexOf('\n\n'); end >= 0; end = this.#rest.indexOf('\n\n')) {
      this.blocks.push(blockOf(this.#rest.slice(0, end)))
      this.#rest = this.#rest.slice(end + 2)
    }
    this.#wake()
  }

  #close(): void {
    this.isClosed = true
    this.#wake()
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done()
  }
}

const blockOf = (text: string): Block =>
  Object.fromEntries(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return colon === 0 ? ['comment', line.slice(1)] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
    }),
  )

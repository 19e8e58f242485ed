import { randomUUID } from 'node:crypto'
import http from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Tell } from '../../application/observation.ts'
import { isSocket, NO_PATIENCE, sendEarly, sendRaw } from './draining.ts'
import { NO_STORE, PROBLEM_TYPE, SECURITY_HEADERS } from './headers.ts'
import { PROBLEMS, type Problem, printProblem } from './problem.ts'

/** Milliseconds for which what a client had sent on a kept-alive connection may still be on its way when the server stops (OPS-17). */
const ON_ITS_WAY = 500

/**
 * Every connection of a process. Answers what is no request: bytes that the parser cannot read, requests that take too long, and CONNECT
 * (HTTP-06, HTTP-09).
 */
export class Connections {
  readonly #tell: Tell
  readonly #open = new Set<Socket>()
  /** The latest response of each connection. */
  readonly #latest = new WeakMap<Duplex, http.ServerResponse>()
  /** Connections whose last answer is decided: whatever else comes on them is dropped. */
  readonly #ended = new WeakSet<Duplex>()

  constructor(tell: Tell) {
    this.#tell = tell
  }

  watch(server: http.Server): void {
    server.on('connection', (socket) => {
      this.#open.add(socket)
      socket.once('close', () => this.#open.delete(socket))
    })
    server.on('clientError', (error: ParserError, socket) => this.#refuse(socket, problemOf(error), isHead(error) ? 'HEAD' : '-'))
    server.on('connect', (_, socket) => this.#refuse(socket, { slug: 'method-not-allowed', headers: { Allow: '' } }, 'CONNECT'))
  }

  begin(req: http.IncomingMessage, res: http.ServerResponse): void {
    this.#latest.set(req.socket, res)
  }

  /** Closes each connection once its answer has gone out whole. Node's own `closeIdleConnections` cuts off what is ended and not yet flushed. */
  closeAsTheyFallIdle(): void {
    for (const socket of this.#open) {
      const latest = this.#latest.get(socket)
      if (latest !== undefined && !latest.writableFinished) latest.once('close', () => socket.destroySoon())
      // What a fresh connection has begun to ask is still answered.
      else if (latest !== undefined || socket.bytesRead === 0) this.#closeUnlessAsked(socket)
    }
  }

  /** A request that crossed with the end is the last one: its answer says so, and the connection ends with it. */
  #closeUnlessAsked(socket: Socket): void {
    const before = socket.bytesRead
    const closing = setTimeout(() => socket.bytesRead === before && socket.destroySoon(), ON_ITS_WAY)
    socket.once('close', () => clearTimeout(closing))
  }

  cutOff(): void {
    for (const socket of this.#open) socket.destroy()
  }

  #refuse(socket: Duplex, problem: Problem | undefined, method: string): void {
    if (problem === undefined || !socket.writable || !isSocket(socket)) return void socket.destroy()
    if (this.#ended.has(socket)) return
    this.#ended.add(socket)
    const latest = this.#latest.get(socket)
    const isUnderWay = latest !== undefined && !latest.writableEnded
    // The request before is whole: its answer is the last one here.
    if (isUnderWay && latest.req.complete) return endAfter(latest, socket)
    if (isUnderWay && latest.headersSent) return
    const id = randomUUID()
    const body = printProblem(problem, id)
    const headers = { ...SECURITY_HEADERS, 'Cache-Control': NO_STORE, 'X-Request-Id': id, 'Content-Type': PROBLEM_TYPE, ...problem.headers }
    const { slug } = problem
    const { status } = PROBLEMS[slug]
    const patience = slug === 'request-timeout' ? NO_PATIENCE : undefined
    if (isUnderWay) respond(latest, status, headers, body, patience)
    else sendRaw(socket, raw(status, headers, body, method), patience)
    this.#tell({
      kind: 'answered',
      request: {
        id,
        method: isUnderWay ? (latest.req.method ?? method) : method,
        route: undefined,
        status,
        milliseconds: 0,
        owner: undefined,
        problem: slug,
        reason: undefined,
      },
    })
  }
}

type ParserError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer }

/** What the parser's or the clock's verdict is answered with; undefined where the connection is gone and nobody would hear it. */
function problemOf({ code = '', rawPacket }: ParserError): Problem | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { slug: 'request-timeout' }
  if (code === 'HPE_HEADER_OVERFLOW') return { slug: isTargetTooLong(rawPacket) ? 'uri-too-long' : 'headers-too-large' }
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return { slug: 'body-too-large' }
  return code.startsWith('HPE_') ? { slug: 'malformed-request' } : undefined
}

const isTargetTooLong = (packet: Buffer | undefined): boolean => /^[A-Z]+ [^ \r\n]{8193}/.test(packet?.toString('latin1') ?? '')

/** Whether it was a HEAD that could not be read: its answer has no body (HTTP-02). What follows a whole one in the same piece is not answered at all. */
const isHead = ({ rawPacket }: ParserError): boolean => rawPacket?.toString('latin1', 0, 5) === 'HEAD '

function respond(res: http.ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string, patience: number | undefined): void {
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  res.setHeader('Content-Length', Buffer.byteLength(body))
  sendEarly(res.req, res, body, patience)
}

function endAfter(res: http.ServerResponse, socket: Duplex): void {
  res.shouldKeepAlive = false
  res.once('close', () => socket.destroy())
}

function raw(status: number, headers: Readonly<Record<string, string>>, body: string, method: string): string {
  const all = { ...headers, 'Content-Length': String(Buffer.byteLength(body)), Date: new Date().toUTCString(), Connection: 'close' }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.join('')}\r\n${method === 'HEAD' ? '' : body}`
}

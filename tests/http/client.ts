import http from 'node:http'
import net from 'node:net'
import { createCounts } from '../../src/adapters/counting/counts.ts'
import type { HttpSettings } from '../../src/adapters/http/app.ts'
import { loadDocs } from '../../src/adapters/http/docs.ts'
import { createHttpServer, type HttpServer } from '../../src/adapters/http/server.ts'
import { InvalidToken, type TokenVerifier } from '../../src/application/authentication.ts'
import type { Observation } from '../../src/application/observation.ts'
import type { Ports } from '../../src/application/ports.ts'
import { parseStrict } from '../../src/application/strict-json.ts'
import { portsOver } from '../builders.ts'
import { conforms } from '../openapi.ts'

/** What a test may want otherwise: settings, a store or quota by way of ports, whether the database answers. */
export interface Serving {
  readonly settings?: Partial<HttpSettings>
  readonly ports?: Ports
  readonly secret?: Uint8Array
  readonly verifier?: TokenVerifier
  readonly isReady?: () => Promise<boolean>
}

export interface Sent {
  /** A subject, or a whole token by `tokenOf`; null: none. */
  readonly as?: string | null
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** What is no text and no bytes goes out as JSON, with its type. */
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

const DOCS = loadDocs()
export const SECRET = new Uint8Array(32).fill(7)

/** Tokens of the tests: the claims as they are, unsigned. `AUTH-*` and the tests of the verifier are about real ones. */
export const tokenOf = (sub: string, scope?: unknown, expiresAt = 9e9): string => Buffer.from(JSON.stringify({ sub, scope, expiresAt })).toString('base64url')

const isClaims = (value: unknown): value is { readonly sub: string; readonly scope?: unknown; readonly expiresAt: number } =>
  typeof value === 'object' && value !== null && 'sub' in value && typeof value.sub === 'string' && 'expiresAt' in value && typeof value.expiresAt === 'number'

export const FAKE_VERIFIER: TokenVerifier = {
  async verify(token) {
    const parsed = parseStrict(Buffer.from(token, 'base64url').toString())
    if (!parsed.ok || !isClaims(parsed.value)) throw new InvalidToken('malformed')
    const { sub, scope, expiresAt } = parsed.value
    if (expiresAt < Date.now() / 1000) throw new InvalidToken('expired')
    return { subject: sub, scope, actor: undefined, expiresAt }
  },
  isStillGood: async () => true,
}

const SETTINGS: HttpSettings = {
  corsOrigins: [],
  trustedProxies: 0,
  rateLimit: 0,
  maxInFlight: 512,
  atWork: 32,
  maxStreams: 1000,
  requireIfMatch: false,
  metricsToken: undefined,
}

/** A server on a port of its own, and what is asked of it. Every answer is held to specs/api/openapi.yaml. */
export class Client {
  readonly server: HttpServer
  readonly told: Observation[] = []
  readonly #agent = new http.Agent({ keepAlive: true })
  port = 0

  constructor({ settings, ports = portsOver(), secret = SECRET, verifier = FAKE_VERIFIER, isReady = async () => true }: Serving) {
    const tell = (observation: Observation): void => void this.told.push(observation)
    this.server = createHttpServer({
      ports,
      verifier,
      secret,
      counts: createCounts(settings?.rateLimit ?? SETTINGS.rateLimit),
      docs: DOCS,
      settings: { ...SETTINGS, ...settings },
      isReady,
      tell,
      metrics: async () => 'requests_total 1\n',
    })
  }

  async listen(): Promise<void> {
    const [server] = this.server.servers
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const address = server?.address() ?? null
    this.port = typeof address === 'object' && address !== null ? address.port : 0
  }

  async stop(graceSeconds = 2): Promise<void> {
    this.#agent.destroy()
    await this.server.stop(graceSeconds)
  }

  async ask(method: string, path: string, { as = 'ada', headers = {}, body }: Sent = {}): Promise<Answer> {
    const [type, bytes] =
      typeof body === 'string' || body instanceof Uint8Array || body === undefined ? [undefined, body] : ['application/json', JSON.stringify(body)]
    const all = {
      ...bearer(as),
      ...(type !== undefined && { 'Content-Type': type }),
      ...(bytes !== undefined && { 'Content-Length': String(Buffer.byteLength(bytes)) }),
      ...headers,
    }
    const answer = await this.#exchange({ method, path, headers: all }, bytes)
    conforms({ method, path }, answer)
    return answer
  }

  get = (path: string, sent?: Sent): Promise<Answer> => this.ask('GET', path, sent)
  post = (path: string, body: unknown, sent?: Sent): Promise<Answer> => this.ask('POST', path, { body, ...sent })
  put = (path: string, body: unknown, sent?: Sent): Promise<Answer> => this.ask('PUT', path, { body, ...sent })
  patch = (path: string, body: unknown, sent?: Sent): Promise<Answer> => this.ask('PATCH', path, { body, ...sent })
  delete = (path: string, sent?: Sent): Promise<Answer> => this.ask('DELETE', path, sent)

  /** A new task of its own, as it was answered. */
  async make(
    task: object = {},
    sent?: Sent,
  ): Promise<{ readonly id: string; readonly path: string; readonly etag: string; readonly task: Record<string, unknown> }> {
    const answer = await this.post('/api/tasks', { title: 'Buy milk', ...task }, sent)
    if (answer.status !== 201) throw new Error(`no task was made: ${answer.status} ${answer.body}`)
    const made = JSON.parse(answer.body)
    return { id: made.id, path: `/api/tasks/${made.id}`, etag: answer.headers['etag'] ?? '', task: made }
  }

  /** Writes bytes to a socket of their own and waits for its end. @returns what came, as it came */
  raw(bytes: string | readonly string[], { fin = false, wait = 3000 } = {}): Promise<string> {
    return new Promise((resolve) => {
      const socket = net.connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true })
      let received = ''
      const finish = (): void => {
        clearTimeout(timer)
        socket.destroy()
        resolve(received)
      }
      const timer = setTimeout(finish, wait)
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
      })
      socket.on('end', finish).on('close', finish).on('error', finish)
      socket.on('connect', () => {
        for (const piece of [bytes].flat()) socket.write(Buffer.from(piece, 'latin1'))
        if (fin) socket.end()
      })
    })
  }

  #exchange(options: http.RequestOptions, body: string | Uint8Array | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request({ ...options, port: this.port, host: '127.0.0.1', agent: this.#agent }, (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: flat(response.headers), body: Buffer.concat(pieces).toString() }))
        response.on('error', reject)
      })
      request.on('error', reject)
      request.end(body)
    })
  }
}

const bearer = (as: string | null): Record<string, string> => (as === null ? {} : { Authorization: `Bearer ${as.length > 20 ? as : tokenOf(as)}` })

const flat = (headers: http.IncomingHttpHeaders): Answer['headers'] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]))

/** One server for one test, stopped whatever the test ends with. */
export const serving = (how: Serving, test: (api: Client) => Promise<void>) => async (): Promise<void> => {
  const api = new Client(how)
  await api.listen()
  try {
    await test(api)
  } finally {
    await api.stop()
  }
}

/** The answers in what a socket gave, each held to the shape of a problem where it is one. */
export function answersIn(received: string): readonly Answer[] {
  const found: Answer[] = []
  for (let rest = received; rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n')
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
    const length = Number(headers['content-length'] ?? 0)
    const answer = { status: Number(first.split(' ')[1]), headers, body: Buffer.from(rest.slice(end + 4, end + 4 + length), 'latin1').toString() }
    if (answer.status >= 400) conforms({ method: 'POST', path: '/' }, answer.status === 405 ? { ...answer, headers: { allow: 'none', ...headers } } : answer)
    found.push(answer)
    rest = rest.slice(end + 4 + length)
  }
  return found
}

/** The kind of problem that an answer is, or its status where it is none. */
export const problemIn = ({ status, body }: Answer): string | number =>
  status < 400 || body === '' ? status : JSON.parse(body).type.replace('/api/problems/', '')

import net from 'node:net'
import fc from 'fast-check'
import { tokenOf } from './client.ts'

const HEAD = `Host: a\r\nAuthorization: Bearer ${tokenOf('ada')}\r\n`
const BODY = '{"title":"Buy milk"}'
const POST = `POST /api/tasks HTTP/1.1\r\n${HEAD}Content-Type: application/json\r\n`

/** Sound requests, none of them a HEAD, whose answers alone cannot be told apart from their bodies. */
const SOUND = [
  `GET /api/tasks HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /api/health/live HTTP/1.1\r\nHost: a\r\n\r\n`,
  `${POST}Content-Length: ${BODY.length}\r\n\r\n${BODY}`,
  `${POST}Transfer-Encoding: chunked\r\n\r\na\r\n${BODY.slice(0, 10)}\r\na\r\n${BODY.slice(10)}\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n14;ext="x"\r\n${BODY}\r\n0\r\nX-Trailer: y\r\n\r\n`,
  `${POST}Expect: 100-continue\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  `OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n`,
  `DELETE /api/tasks/00000000-0000-4000-8000-000000000001 HTTP/1.1\r\n${HEAD}If-Match: "1"\r\n\r\n`,
  `GET http://a/api/trash?limit=1 HTTP/1.1\r\n${HEAD}Connection: keep-alive\r\n\r\n`,
  `PUT /api/tasks/x/completion HTTP/1.0\r\n${HEAD}Content-Length: 0\r\n\r\n`,
]

const PIECES = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\n\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  '0',
  '-',
  '+',
  '\xff',
  '\x80',
  '\x7f',
  '0\r\n\r\n',
  'ffffffffffffffff\r\n',
  '\r\n ',
  'HTTP/1.1',
  'HTTP/0.9',
  'HTTP/3.0',
]
const LINES = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: \x0bchunked',
  'Content-Length: 5',
  'Content-Length: 0x10',
  'Content-Length:',
  'Host: b',
  'Host:',
  'Connection: close',
  'Connection: upgrade\r\nUpgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  ': x',
  'X',
  `X: ${'y'.repeat(17_000)}`,
].map((line) => `${line}\r\n`)

const place = fc.nat(4000)

/** What is done to a stream of bytes: something put in, taken out, turned, said twice, or a line among the headers. */
const tampering: fc.Arbitrary<(bytes: string) => string> = fc.oneof(
  fc.tuple(fc.constantFrom(...PIECES), place, fc.nat(4)).map(([piece, at, cut]) => spliced(piece, at, cut)),
  fc.tuple(place, fc.nat(7)).map(([at, bit]) => (bytes: string) => {
    const here = at % Math.max(1, bytes.length)
    return spliced(String.fromCharCode(bytes.charCodeAt(here) ^ (1 << bit)), here, 1)(bytes)
  }),
  fc.tuple(place, fc.nat(200)).map(([at, cut]) => spliced('', at, cut)),
  fc.tuple(place, fc.nat(60)).map(([at, length]) => (bytes: string) => {
    const here = at % (bytes.length + 1)
    return spliced(bytes.slice(here, here + length), here, 0)(bytes)
  }),
  fc.constantFrom(...LINES).map((line) => (bytes: string) => spliced(line, bytes.indexOf('\r\n') + 2, 0)(bytes)),
)

const spliced =
  (put: string, at: number, cut: number) =>
  (bytes: string): string => {
    const here = at % (bytes.length + 1)
    return bytes.slice(0, here) + put + bytes.slice(here + cut)
  }

/** A stream as latin1, a character a byte; so many pieces it goes out in, and how many answers it has where nothing was done to it. */
export interface ByteStream {
  readonly bytes: string
  readonly cutAt: number
  readonly answers: number | undefined
}

/** One to three sound requests after each other, with none to four things done to them. */
export const byteStreams: fc.Arbitrary<ByteStream> = fc
  .tuple(fc.array(fc.constantFrom(...SOUND), { minLength: 1, maxLength: 3 }), fc.array(tampering, { maxLength: 4 }), place)
  .map(([requests, tamperings, at]) => {
    const bytes = tamperings.reduce((all, tamper) => tamper(all), requests.join(''))
    // After the answer to a request of HTTP/1.0 the connection ends.
    const last = requests.findIndex((request) => request.includes('HTTP/1.0'))
    return { bytes, cutAt: at % (bytes.length + 1), answers: tamperings.length > 0 ? undefined : last < 0 ? requests.length : last + 1 }
  })

/** A final answer; its headers as they came. */
export interface Received {
  readonly status: number
  readonly head: string
  readonly body: string
}

export interface Exchanged {
  /** In their order. */
  readonly answers: readonly Received[]
  /** What came that is no answer. */
  readonly rest: string
  /** Whether the server ended the connection in time. */
  readonly closed: boolean
}

/** Milliseconds: so long after the last byte a client takes it that no more will come, and ends its half; so long it then waits for the other. */
const QUIET = 120
const PATIENCE = 5_000

/** Writes the bytes in two pieces and reads until nothing comes, or the connection ends. */
export function exchange(port: number, { bytes, cutAt, answers }: ByteStream): Promise<Exchanged> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    let received = ''
    let quiet = setTimeout(() => socket.end(), 3 * QUIET)
    const patience = setTimeout(() => finish(false), PATIENCE)
    function finish(closed: boolean): void {
      clearTimeout(patience)
      clearTimeout(quiet)
      socket.destroy()
      resolve({ ...answersIn(received), closed })
    }
    socket.on('data', (piece) => {
      received += piece.toString('latin1')
      clearTimeout(quiet)
      if (answers === answersIn(received).answers.length) socket.end()
      else quiet = setTimeout(() => socket.end(), answers === undefined ? QUIET : 10 * QUIET)
    })
    // A reset is an end too: what came before it is looked at.
    socket.on('end', () => finish(true)).on('error', () => finish(true))
    socket.on('connect', () => {
      socket.write(Buffer.from(bytes.slice(0, cutAt), 'latin1'))
      socket.write(Buffer.from(bytes.slice(cutAt), 'latin1'))
    })
  })
}

/** How many answers may come at most: a whole request names its version, and one that is none is answered once. */
export const mostAnswers = ({ bytes }: ByteStream): number => (bytes.match(/HTTP\/\d/g)?.length ?? 0) + 1

/** Reads answers one after the other by their lengths, as a client does; after one that closes the connection there is none. */
function answersIn(received: string): Pick<Exchanged, 'answers' | 'rest'> {
  const answers: Received[] = []
  let rest = received
  for (;;) {
    const [head = '', status = ''] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest) ?? []
    if (head === '') return { answers, rest }
    const length = Number(/\r\nContent-Length: (\d+)\r\n/i.exec(head)?.[1] ?? 0)
    const end = head.length + length
    if (rest.length < end) return { answers, rest }
    if (Number(status) >= 200) answers.push({ status: Number(status), head, body: rest.slice(head.length, end) })
    rest = rest.slice(end)
    if (/\r\nConnection: close\r\n/i.test(head)) return { answers, rest }
  }
}

import { connect, type Socket } from 'node:net'

/** What a slow client does: its headers, or its body, never come to an end, or it takes a few bytes of its answer now and then. */
export type Slowness = 'headers' | 'body' | 'reading'

export interface SlowClient {
  readonly slowness: Slowness
  /** Milliseconds from its first byte to when the server had ended the connection; undefined as long as it has not. */
  readonly ended: number | undefined
  /** What it was told, its beginning. */
  readonly told: string
  close(): void
}

/** Milliseconds between two bytes that it sends, and between two looks at what it was sent. */
const DRIP = 500

/** @param path what one that is slow to read asks for */
export function slowClient({
  url,
  token,
  slowness,
  path,
}: {
  readonly url: string
  readonly token: string
  readonly slowness: Slowness
  readonly path: string
}): SlowClient {
  const { hostname, port } = new URL(url)
  const begun = performance.now()
  const head = `Host: ${hostname}\r\nAuthorization: Bearer ${token}\r\n`
  let [ended, told]: [number | undefined, string] = [undefined, '']
  const socket: Socket = connect({ port: Number(port), host: hostname })
  const end = (): void => {
    ended ??= performance.now() - begun
  }
  socket
    .on('error', () => {})
    .once('end', end)
    .once('close', end)
  socket.on('data', (piece: Buffer) => {
    if (told.length < 200) told += piece.toString('latin1')
    if (slowness === 'reading') socket.pause()
  })
  socket.write(BEGINNINGS[slowness](head, path))
  const dripping = setInterval(() => {
    if (slowness === 'reading') socket.resume()
    else if (socket.writable) socket.write(slowness === 'headers' ? `X-${Math.floor(performance.now())}: x\r\n` : ' ')
  }, DRIP)
  socket.once('close', () => clearInterval(dripping))
  return {
    slowness,
    get ended() {
      return ended
    },
    get told() {
      return told
    },
    close: () => socket.destroy(),
  }
}

const BEGINNINGS: Readonly<Record<Slowness, (head: string, path: string) => string>> = {
  headers: (head) => `GET /api/tasks HTTP/1.1\r\n${head}`,
  body: (head) => `POST /api/tasks HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 4096\r\n\r\n{`,
  reading: (head, path) => `GET ${path} HTTP/1.1\r\n${head}\r\n`,
}

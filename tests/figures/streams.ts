import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tokenFor } from './measuring.ts'

/** A stream of the feed, read by as little code as can be: thousands of them share one process with what measures them. */
export interface Stream {
  close(): void
}

/** @param hear each title that a change tells of. @returns once the first sync is done. @throws where the answer is not 200 or ends before that */
export function openStream(url: URL, owner: string, hear: (title: string) => void, fail: (what: string) => void): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(Number(url.port), url.hostname)
    let isOpen = false
    let isClosed = false
    let isTaken = false
    let pending = ''
    const lost = (what: string): void => {
      if (isClosed) return
      isClosed = true
      socket.destroy()
      if (isOpen) fail(what)
      else reject(new Error(what))
    }
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      pending += text
      const end = pending.lastIndexOf('\n\n')
      if (end === -1) return
      const whole = pending.slice(0, end)
      pending = pending.slice(end)
      if (!isOpen) {
        isTaken ||= whole.startsWith('HTTP/1.1 200 ')
        if (!isTaken) return lost(whole)
        if (!/\nid: \d+$/.test(whole)) return
        isOpen = true
        return resolve({
          close() {
            isClosed = true
            socket.destroy()
          },
        })
      }
      if (whole.includes('event: end')) return lost(whole)
      for (const [, title = ''] of whole.matchAll(/"title":"([^"]*)"/g)) hear(title)
    })
    socket.once('error', ({ message }) => lost(message))
    socket.once('close', () => lost('a stream was cut'))
    socket.write(`GET /api/changes HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${tokenFor(owner)}\r\n\r\n`)
  })
}

export interface Creator {
  /** @throws where the answer is not 201 */
  create(owner: string, title: string): Promise<void>
  close(): void
}

/** Creates tasks of many owners over a few connections that are kept. */
export function createCreator(url: URL, sockets: number): Creator {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets })
  const tokens = new Map<string, string>()
  return {
    create: (owner, title) =>
      new Promise((resolve, reject) => {
        const token = tokens.get(owner) ?? tokenFor(owner)
        tokens.set(owner, token)
        const body = JSON.stringify({ title })
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
        const asked = request({ host: url.hostname, port: url.port, path: '/api/tasks', method: 'POST', agent, headers }, (answer) => {
          answer.resume().once('end', () => (answer.statusCode === 201 ? resolve() : reject(new Error(`${answer.statusCode}`))))
          answer.once('error', reject)
        })
        asked.once('error', reject)
        asked.end(body)
      }),
    close: () => agent.destroy(),
  }
}

/** Does all of it, so many at once. */
export async function each<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await work(item)
    }),
  )
}

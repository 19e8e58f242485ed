import net from 'node:net'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Ports } from '../../src/application/ports.ts'
import { asJson } from '../../src/application/printing.ts'
import { portsOver } from '../builders.ts'
import { answersIn, Client, problemIn, tokenOf } from './client.ts'

const HEAD = `Host: a\r\nAuthorization: Bearer ${tokenOf('ada')}\r\n`

/** Ports whose page waits until it is let go, and is large. */
function waiting(): { readonly ports: Ports; readonly reached: Promise<void>; readonly release: () => void } {
  const ports = portsOver()
  const { of } = ports.tasks
  const [gate, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const page = async () => {
    reached.resolve()
    await gate.promise
    return { items: asJson<readonly never[]>(`["${'x'.repeat(20_000_000)}"]`), next: undefined, seq: 0 }
  }
  const held: Ports = {
    ...ports,
    tasks: {
      of: (owner) => {
        const mine = of(owner)
        return {
          ...mine,
          page,
        }
      },
    },
  }
  return { ports: held, reached: reached.promise, release: gate.resolve }
}

/** What comes on a socket until it ends; it is read only from `read` on. */
function open(port: number, bytes: string): { readonly socket: net.Socket; read(): Promise<string> } {
  const socket = net.connect({ port, host: '127.0.0.1' }).pause()
  socket.on('error', () => {})
  if (bytes !== '') socket.write(bytes)
  return {
    socket,
    read: () =>
      new Promise((resolve) => {
        const pieces: Buffer[] = []
        if (socket.closed) return resolve('')
        socket.on('data', (piece: Buffer) => pieces.push(piece))
        socket.once('close', () => resolve(Buffer.concat(pieces).toString('latin1')))
        socket.resume()
      }),
  }
}

describe('stopping', () => {
  it('RUN-05 DOC-04 what is under way is answered whole, idle connections close, and no new ones are taken', async () => {
    const { ports, reached, release } = waiting()
    const api = new Client({ ports })
    await api.listen()
    const { port } = api
    const idle = open(port, '')
    const kept = open(port, `GET /api/health/live HTTP/1.1\r\n${HEAD}\r\n`)
    await new Promise((resolve) => kept.socket.once('readable', resolve))
    const slow = open(port, `GET /api/tasks HTTP/1.1\r\n${HEAD}\r\n`)
    await reached
    const begun = open(port, 'GET /api/health/ready HTTP/1.1\r\nHost: a\r\n')
    await api.get('/api/health/live')
    const stopped = api.stop(5)
    begun.socket.write('\r\n')
    expect(answersIn(await begun.read()).map(problemIn)).to.deep.equal(['service-unavailable'])
    const [atIdle, atKept] = await Promise.all([idle.read(), kept.read()])
    expect([atIdle, answersIn(atKept).map(({ status }) => status)]).to.deep.equal(['', [200]])
    const refused = await open(port, `GET /api/health/live HTTP/1.1\r\n${HEAD}\r\n`).read()
    expect(refused).to.equal('')
    release()
    const [page] = answersIn(await slow.read())
    expect([page?.status, page?.headers['connection'], page?.body.length]).to.deep.equal([200, 'close', 20_000_000 + '{"items":[""],"nextCursor":null}'.length])
    await stopped
  })

  it('RUN-05 an answer that the client is slow to read goes out whole', async () => {
    const { ports, reached, release } = waiting()
    const api = new Client({ ports })
    await api.listen()
    const slow = open(api.port, `GET /api/tasks HTTP/1.1\r\n${HEAD}\r\n`)
    release()
    await reached
    await new Promise((resolve) => slow.socket.once('readable', resolve))
    const stopped = api.stop(5)
    const [page] = answersIn(await slow.read())
    expect(page?.body.length).to.be.greaterThan(20_000_000)
    await stopped
  })

  it('RUN-05 after the grace what is still open is cut off', async () => {
    const { ports, reached, release } = waiting()
    const api = new Client({ ports })
    await api.listen()
    const held = open(api.port, `GET /api/tasks HTTP/1.1\r\n${HEAD}\r\n`)
    await reached
    const began = performance.now()
    await api.stop(0.3)
    expect(performance.now() - began).to.be.within(250, 1500)
    expect(await held.read()).to.equal('')
    release()
  })
})

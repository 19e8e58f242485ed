import { type AddressInfo, createServer, type Server } from 'node:net'
import { CannotStart } from '../config/cannot-start.ts'

/** What the system answers where it does not let us listen, in words that name the setting to change. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'PORT is taken by another program',
  EACCES: 'PORT may not be listened on by this user',
  EADDRNOTAVAIL: 'HOST is no address of this machine',
  ENOTFOUND: 'HOST is a name that leads nowhere',
  EAI_AGAIN: 'HOST is a name that leads nowhere at the moment',
}

/** The address that a server really has, and as a URL without a final slash. */
export interface Address {
  readonly url: string
  readonly port: number
}

/** Connections that wait to be taken, where the system lets so many: beyond them a client is not heard, and tries again after a second, or three, or seven. */
const BACKLOG = 4_096

/** Of one process on its port (OPS-23): with one a connection that was new among three thousand waited 10 s, with 8 it waited 2, with 32 half a second. */
export const LISTENERS = 32

/** What is asked of the system for one listener. */
interface Place {
  readonly host: string
  readonly port: number
  readonly reusePort?: boolean
}

/** On one port, or the first alone where the system shares none. @throws {CannotStart} */
export async function listenTogether([first, ...others]: readonly [Server, ...Server[]], host: string, port: number): Promise<Address> {
  if (others.length === 0) return listen(first, { host, port })
  // Whoever shares a port is let in by others who do: that nobody has it shows only to one who wants it alone. One that the system picks is nobody's.
  if (port !== 0) await tryPort(host, port)
  try {
    const address = await listen(first, { host, port, reusePort: true })
    await Promise.all(others.map((server) => listen(server, { host, port: address.port, reusePort: true })))
    return address
  } catch (fault) {
    if (isUnshared(fault)) return listen(first, { host, port })
    throw fault
  }
}

/** Some systems know the option and not what is meant by it: https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_bind */
const isUnshared = (fault: unknown): boolean =>
  fault instanceof CannotStart &&
  fault.cause instanceof Error &&
  'code' in fault.cause &&
  ['ENOTSUP', 'ENOPROTOOPT', 'EINVAL'].includes(String(fault.cause.code))

/** Listens, and no more. @returns the port that the system picked for 0. @throws {CannotStart} */
export async function tryPort(host: string, port: number): Promise<Address> {
  const probe = createServer()
  const address = await listen(probe, { host, port })
  await new Promise((closed) => probe.close(closed))
  return address
}

function listen(server: Server, place: Place): Promise<Address> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void =>
      reject(new CannotStart([REASONS[error.code ?? ''] ?? `HOST and PORT cannot be listened on (${error.code})`], error))
    server.once('error', refused)
    server.listen({ ...place, backlog: BACKLOG }, () => {
      server.off('error', refused)
      const { host } = place
      const { port } = server.address() as AddressInfo
      resolve({ url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port })
    })
  })
}

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

/** Of one process on its port (OPS-23): with one a connection that was new among three thousand waited 10 s, with many about one. */
export const LISTENERS = 32

/**
 * Connections that wait to be taken, where the system lets so many, of a listener alone and of each of several: beyond them a client is not
 * heard, and tries again after a second, or three, or seven.
 */
const BACKLOG = { alone: 4_096, each: 512 }

/** On one port, or the first alone where the system shares none. @throws {CannotStart} */
export async function listenTogether([first, ...others]: readonly [Server, ...Server[]], host: string, port: number): Promise<Address> {
  if (others.length === 0) return addressOf(host, await listen(first, { host, port }))
  // Whoever shares a port is let in by others who do: that nobody has it shows only to one who wants it alone. One that the system picks is nobody's.
  const place = port === 0 ? { host, port } : await probe(host, port)
  const shared = await share(first, place)
  if (shared === undefined) return addressOf(host, await listen(first, place))
  await Promise.all(others.map((server) => listen(server, { ...shared, reusePort: true })))
  return addressOf(host, shared)
}

/** Listens, and no more. @returns the port that the system picked for 0. @throws {CannotStart} */
export const tryPort = async (host: string, port: number): Promise<Address> => addressOf(host, await probe(host, port))

/** What is listened on: an address in numbers, once a name has been looked up, so that all listen on the same. */
interface Place {
  readonly host: string
  readonly port: number
}

const addressOf = (host: string, { port }: Place): Address => ({ url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port })

async function probe(host: string, port: number): Promise<Place> {
  const server = createServer()
  const place = await listen(server, { host, port })
  await new Promise((closed) => server.close(closed))
  return place
}

/** Undefined where the system does not share ports; some know the option and not what is meant by it: https://docs.libuv.org/en/v1.x/tcp.html */
async function share(server: Server, place: Place): Promise<Place | undefined> {
  try {
    return await listen(server, { ...place, reusePort: true })
  } catch (fault) {
    const { code } = (fault instanceof CannotStart ? fault.cause : fault) as NodeJS.ErrnoException
    if (['ENOTSUP', 'ENOPROTOOPT', 'EINVAL'].includes(code ?? '')) return undefined
    throw fault
  }
}

function listen(server: Server, asked: Place & { readonly reusePort?: true }): Promise<Place> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void =>
      reject(new CannotStart([REASONS[error.code ?? ''] ?? `HOST and PORT cannot be listened on (${error.code})`], error))
    server.once('error', refused)
    server.listen({ ...asked, backlog: asked.reusePort ? BACKLOG.each : BACKLOG.alone }, () => {
      server.off('error', refused)
      const { address, port } = server.address() as AddressInfo
      resolve({ host: address, port })
    })
  })
}

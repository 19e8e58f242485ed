import type { Server } from 'node:net'
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

/** @throws {CannotStart} */
export function listen(server: Server, host: string, port: number): Promise<Address> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void =>
      reject(new CannotStart([REASONS[error.code ?? ''] ?? `HOST and PORT cannot be listened on (${error.code})`], error))
    server.once('error', refused)
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', refused)
      const address = server.address()
      const actual = typeof address === 'object' && address !== null ? address.port : port
      resolve({ url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`, port: actual })
    })
  })
}

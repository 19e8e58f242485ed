import type { Server } from 'node:http'
import { CannotStart } from '../config/cannot-start.ts'

/** What the system answers where it does not let us listen, in words that name the setting to change. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'PORT is taken by another program',
  EACCES: 'PORT may not be listened on by this user',
  EADDRNOTAVAIL: 'HOST is no address of this machine',
  ENOTFOUND: 'HOST is a name that leads nowhere',
  EAI_AGAIN: 'HOST is a name that leads nowhere at the moment',
}

/** @returns the address it really has, as a URL without a final slash. @throws {CannotStart} */
export function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void =>
      reject(new CannotStart([REASONS[error.code ?? ''] ?? `HOST and PORT cannot be listened on (${error.code})`], error))
    server.once('error', refused)
    server.listen({ host, port }, () => {
      server.off('error', refused)
      const address = server.address()
      const actual = typeof address === 'object' && address !== null ? address.port : port
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actual}`)
    })
  })
}

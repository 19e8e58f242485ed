import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request as it came, which may wait before anything is made of it (OPS-12, OPS-24). */
export interface Arrival extends IncomingMessage {
  /** When it came, where it had to wait. */
  at?: number
  /** More came at once than are let in (RATE-06). */
  isRefused?: true
}

/** Answers a request; never fails. */
export type Answer = (request: Arrival, response: ServerResponse) => Promise<void>

/** The first of a name in lower case. Read from what the parser gave: `headers` are made when they are first looked at, and kept as long as it waits. */
export function headerOf({ rawHeaders }: Arrival, name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const one = rawHeaders[at]
    if (one?.length === name.length && one.toLowerCase() === name) return rawHeaders[at + 1]
  }
  return undefined
}

/** Whether a body comes with it, as fast or as slowly as its client likes. */
export const bringsBody = (request: Arrival): boolean =>
  headerOf(request, 'transfer-encoding') !== undefined || Number(headerOf(request, 'content-length') ?? 0) > 0

import { fork } from 'node:child_process'
import { join } from 'node:path'

/** Requests to a server on loopback: as fast as answers come, or so many a second whatever becomes of those before. */
export interface Flood {
  readonly port: number
  /** As they go over the wire, in turn. */
  readonly texts: readonly string[]
  /** Open at once; in a flood with a rate at most. */
  readonly connections: number
  /** Requests a second. */
  readonly rate?: number
  /** Seconds: before counting, and of counting. */
  readonly warming: number
  readonly seconds: number
}

/** Milliseconds from when it ought to have been asked. */
export interface Latencies {
  readonly count: number
  readonly p50: number
  readonly p99: number
}

export interface Seen {
  readonly statuses: Readonly<Record<number, number>>
  /** Answers of statuses below 400, and of the others. */
  readonly accepted: Latencies
  readonly refused: Latencies
  /** Requests whose connection ended before their answer. */
  readonly lost: number
  /** Requests that could not be sent, for all connections waited for an answer. */
  readonly unsent: number
  /** Connections at the end. */
  readonly open: number
}

/** From a process of its own. */
export function flooded(flood: Flood): Promise<Seen> {
  const child = fork(join(import.meta.dirname, 'flood-process.ts'), { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send(flood)
  return new Promise((resolve, reject) => {
    child.once('message', (seen: Seen) => resolve(seen))
    child.once('error', reject).once('exit', (code) => reject(new Error(`the flood ended with ${code}`)))
  })
}

/** A request without a body. @param headers each line with its end */
export const getting = (path: string, headers: string): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`

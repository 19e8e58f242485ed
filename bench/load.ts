import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BENCH, DATA, NODE } from './places.ts'

/** One request, without what says whose it is. */
export interface Ask {
  readonly owner: string
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Load {
  readonly url: string
  /** Made by `writeRequests`. */
  readonly file: string
  readonly connections: number
  /** Whole ones. */
  readonly seconds: number
  /** Requests a second; undefined: as fast as answers come. */
  readonly rate?: number
}

/** What the generator saw: latencies in milliseconds; its own processor time in seconds. */
export interface Seen {
  readonly requests: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  /** Answers of status 400 and above, and connections that failed or timed out. */
  readonly failed: number
  readonly lost: number
  readonly processor: number
}

export const generator: 'wrk' | 'autocannon' = spawnSync('wrk', ['-v']).error === undefined && process.env['BENCH_LOAD'] !== 'autocannon' ? 'wrk' : 'autocannon'

/** Requests as they go over the wire, one after the other, a NUL between them. */
export function writeRequests(name: string, asks: readonly Ask[], identity: (owner: string) => string): string {
  const path = join(DATA, `${name}.requests`)
  const texts = asks.map(({ owner, method, path, headers = {}, body }) => {
    const sized = body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
    const lines = Object.entries({ ...headers, ...sized }).map(([name, value]) => `${name}: ${value}\r\n`)
    return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${identity(owner)}\r\n${lines.join('')}\r\n${body ?? ''}`
  })
  writeFileSync(path, texts.join('\0'))
  return path
}

/** From a process of its own; with `wrk` where it is installed, which takes least of the machine. */
export async function run({ url, file, connections, seconds, rate }: Load): Promise<Seen> {
  const paced = rate === undefined ? [] : [String(rate), '1']
  const command =
    generator === 'wrk'
      ? ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', '-s', join(BENCH, 'load/wrk.lua'), url, '--', file, ...paced]
      : [NODE, join(BENCH, 'load/autocannon.ts'), url, file, String(connections), String(seconds), ...paced]
  const output = await outputOf(command)
  const [, result] = /^RESULT (.*)$/m.exec(output) ?? []
  if (result === undefined) throw new Error(`${command.join(' ')} told nothing:\n${output}`)
  return JSON.parse(result)
}

function outputOf([program = '', ...args]: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve, reject) => child.once('error', reject).once('close', () => resolve(output)))
}

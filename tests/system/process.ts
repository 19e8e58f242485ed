import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Readable } from 'node:stream'

export const ROOT = join(import.meta.dirname, '../..')
const BIN = join(ROOT, 'node_modules/.bin')
const NODE = join(BIN, 'node')

/** Whether tests run with their full figures. */
export const LONG = process.env['TASKWARD_LONG'] === '1'

export type Environment = Readonly<Record<string, string>>

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** Milliseconds from the start to the end. */
  readonly ms: number
}

/** A program of ours, in a process group of its own. */
export interface Started {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** To the process alone, or to its whole group. */
  signal(name: NodeJS.Signals, whom?: 'alone' | 'group'): void
  /** The first match in what it printed on standard output; rejects where it ends before that. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** The same of its log, on standard error. */
  logged(pattern: RegExp): Promise<RegExpExecArray>
}

export interface Server extends Started {
  readonly url: string
  /** Milliseconds from the start to the ready line. */
  readonly opened: number
  readonly stdout: string
}

const children = new Set<ChildProcessByStdio<null, Readable, Readable>>()
const directories = new Set<string>()

/** A folder that `cleanUp` removes. */
export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'taskward-system-'))
  directories.add(directory)
  return directory
}

let opened: Promise<string> | undefined

/** The same with an embedded database that has been opened before, made once: a first start takes seconds. */
export async function openedDirectory(): Promise<string> {
  opened ??= openOnce()
  const directory = freshDirectory()
  cpSync(join(await opened, 'database'), join(directory, 'database'), { recursive: true })
  return directory
}

async function openOnce(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'taskward-opened-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const server = await startServer({ DATA_DIR: directory })
  server.signal('SIGTERM')
  await server.ended
  return directory
}

/** Ends all that was started here and is still there, whole groups, and waits until it is gone; give it to `afterEach`. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...children].map(killAndWait))
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  directories.clear()
}

async function killAndWait(child: ChildProcessByStdio<null, Readable, Readable>): Promise<void> {
  const closed = new Promise((resolve) => child.once('close', resolve))
  kill(child)
  if (children.has(child)) await closed
}

function kill({ pid }: { readonly pid?: number | undefined }): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It was gone already.
  }
}

process.once('exit', () => {
  for (const child of children) kill(child)
})

/** Starts a program from the checkout with these settings and no others. */
export function start(command: readonly [string, ...string[]], environment: Environment = {}): Started {
  const begun = performance.now()
  const [program, ...args] = command
  const env = { PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}`, HOME: tmpdir(), ...environment }
  const child = spawn(program, args, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env })
  children.add(child)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      children.delete(child)
      resolve({ code, signal, ...output, ms: performance.now() - begun })
    })
  })
  const pid = child.pid ?? 0
  return {
    pid,
    ended,
    signal: (name, whom = 'alone') => void process.kill(whom === 'group' ? -pid : pid, name),
    printed: (pattern) => matched('stdout', pattern),
    logged: (pattern) => matched('stderr', pattern),
  }

  function matched(name: keyof typeof output, pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(output[name])
        if (found === null) return
        child[name].off('data', look)
        resolve(found)
      }
      child[name].on('data', look)
      void ended.then((how) => reject(new Error(`ended with ${how.code ?? how.signal} before ${name} had ${pattern}:\n${how.stdout}${how.stderr}`)))
      look()
    })
  }
}

/** Starts a program and waits for its end. */
export const run = (command: readonly [string, ...string[]], environment: Environment = {}): Promise<Ended> => start(command, environment).ended

export const MAIN = [NODE, '--max-semi-space-size=8', '--import', './src/prepare-node.mjs', 'src/main.ts'] as const
export const NPM_START = ['npm', 'start'] as const

/** How often its port is listened on (Linux, proc_pid_net(5): in state 0A). */
export function listenersOf({ url }: Pick<Server, 'url'>): number {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')
  const sockets = readFileSync('/proc/net/tcp', 'utf8').split('\n')
  return sockets.filter((line) => new RegExp(`^ *\\d+: [0-9A-F]{8}:${port} [0-9A-F]{8}:0000 0A `).test(line)).length
}

/** Starts a server on a free port, with a new data directory where none is given, and waits until it listens. */
export async function startServer(environment: Environment = {}, command: readonly [string, ...string[]] = MAIN): Promise<Server> {
  const { DATA_DIR = await (environment['DATABASE_URL'] === undefined ? openedDirectory() : freshDirectory()) } = environment
  const begun = performance.now()
  const started = start(command, { PORT: '0', LOG_LEVEL: 'warn', RATE_LIMIT: '0', MALLOC_ARENA_MAX: '1', ...environment, DATA_DIR })
  const ready = await started.printed(/^listening on (http:\/\/\S+)$/m)
  return { ...started, url: ready[1] ?? '', opened: performance.now() - begun, stdout: ready.input }
}

/** The token in the `curl` line of development mode. */
export const tokenOf = (server: Server): string => /^curl .*Bearer ([\w.-]+)/m.exec(server.stdout)?.[1] ?? ''

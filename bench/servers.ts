import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cluster, freePort } from './database.ts'
import { BENCH, DATA, NODE, ROOT } from './places.ts'
import { AUDIENCE, ISSUER, SECRET } from './tokens.ts'

/** A server that can be measured. */
export interface Kind {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** Whether it is Taskward, which lives with a role that row security holds. */
  readonly isOurs?: boolean
  /** How a request says whose it is. */
  readonly believes?: 'token' | 'header'
  readonly environment?: Readonly<Record<string, string>>
}

export interface Server {
  readonly kind: Kind
  readonly pid: number
  readonly url: string
  /** Milliseconds from the start of the process to its first answer. */
  readonly opened: number
  readonly stop: () => Promise<void>
}

export const BARE: Kind = { name: 'bare', command: [NODE, join(BENCH, 'servers/bare.ts')], believes: 'header' }
/** Reads what Taskward reads: a limit of its own, as the printing is done when a task is written. */
export const BARE_PRINTED: Kind = { ...BARE, name: 'bare, printed', environment: { PRINTED: '1' } }
export const TASKWARD: Kind = {
  name: 'Taskward',
  command: [NODE, '--max-semi-space-size=8', '--import', join(ROOT, 'src/prepare-node.mjs'), join(ROOT, 'src/main.ts')],
  isOurs: true,
}
export const FASTIFY: Kind = { name: 'Fastify, Drizzle', command: [NODE, join(BENCH, 'servers/fastify-drizzle.ts')] }
export const NEST: Kind = { name: 'NestJS, TypeORM', command: [NODE, join(DATA, 'nest-typeorm.js')] }
export const HONO: Kind = { name: 'Hono, postgres.js', command: [NODE, join(BENCH, 'servers/hono-postgres.ts')] }
/** Debian's packages, of Debian's Python. */
export const FASTAPI: Kind = {
  name: 'FastAPI, SQLModel',
  command: ['/usr/bin/python3', '-m', 'uvicorn', '--no-access-log', '--app-dir', join(BENCH, 'servers'), 'fastapi_sqlmodel:app'],
}

/** Whether Debian's packages for it are there. */
export const hasFastapi = (): boolean => spawnSync('/usr/bin/python3', ['-c', 'import fastapi, sqlmodel, uvicorn, psycopg2, jwt']).status === 0

const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

export interface Starting {
  readonly cluster: Cluster
  readonly database: string
  readonly pool: number
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly node?: readonly string[]
}

/** A process of its own; what it prints goes to a file. */
export async function startServer(kind: Kind, { cluster, database, pool, environment = {}, node = [] }: Starting): Promise<Server> {
  const port = await freePort()
  const begun = performance.now()
  const [program, ...args] = kind.command
  mkdirSync(join(DATA, 'logs'), { recursive: true })
  const log = openSync(join(DATA, 'logs', `${kind.name.replaceAll(/\W+/g, '-').toLowerCase()}.log`), 'w')
  const common = { PATH: process.env['PATH'] ?? '', HOME: DATA, PORT: String(port), NODE_ENV: 'production' }
  const settings = kind.isOurs
    ? {
        DATABASE_URL: cluster.ordinary(database),
        DATA_DIR: DATA,
        // As `npm start` has it.
        MALLOC_ARENA_MAX: '1',
        AUTH_SECRET: SECRET,
        AUTH_ISSUER: ISSUER,
        AUTH_AUDIENCE: AUDIENCE,
        RATE_LIMIT: '0',
        TASK_QUOTA: '1000000000',
        STORAGE_QUOTA: '1000GB',
        DATABASE_POOL: String(pool),
      }
    : { DATABASE_URL: cluster.superuser(database), SECRET, POOL: String(pool) }
  const ports = program === NODE ? [] : ['--port', String(port)]
  const child = spawn(program, [...node, ...args, ...ports], {
    cwd: DATA,
    stdio: ['ignore', log, log],
    env: { ...common, ...settings, ...kind.environment, ...environment },
  })
  children.add(child)
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      children.delete(child)
      resolve()
    })
  })
  const url = `http://127.0.0.1:${port}`
  await answers(url, child, () => readFileSync(join(DATA, 'logs', `${kind.name.replaceAll(/\W+/g, '-').toLowerCase()}.log`), 'utf8'))
  return {
    kind,
    pid: child.pid ?? 0,
    url,
    opened: performance.now() - begun,
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Whatever it answers, it is there. */
async function answers(url: string, child: ChildProcess, log: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended at its start:\n${log()}`)
    try {
      await (await fetch(`${url}/api/health/live`)).text()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

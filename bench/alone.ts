import { spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Asking } from './asking.ts'
import type { Context } from './context.ts'
import { ownerAt } from './fill.ts'
import { type Figures, measured, median, medians } from './measure.ts'
import { BENCH, DATA, NODE } from './places.ts'
import { type Server, startServer, TASKWARD } from './servers.ts'
import { Requests } from './workloads.ts'

/** A program of ours, and what it prints, as JSON. */
async function printedBy(script: string, ...args: readonly string[]): Promise<unknown> {
  const child = spawn(NODE, [join(BENCH, 'alone', script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`${script} ended with ${code}`)
  return output === '' ? undefined : JSON.parse(output)
}

const isFigures = (value: unknown): value is Readonly<Record<string, number>> => typeof value === 'object' && value !== null
const figuresOf = (value: unknown): Readonly<Record<string, number>> => (isFigures(value) ? value : {})

/** Microseconds. */
export async function tokenCheck() {
  const printed = await printedBy('token-check.ts')
  const rounds = Array.isArray(printed) ? printed.map(figuresOf) : []
  const of = (name: string): number => median(rounds.map((round) => round[name] ?? Number.NaN))
  return { cached: of('cached'), first: of('first'), jose: of('jose') }
}

const EMBEDDED = join(DATA, 'embedded')
const EMBEDDED_TASKS = 10_000

const EMBED = { DATABASE_URL: undefined, DATA_DIR: EMBEDDED }

/** Pages a second of the embedded database: through Taskward, and by PGlite alone with the same statement; in turn. */
export async function embedded(context: Context) {
  const { cluster, connections, seconds, tell } = context
  if (!existsSync(join(EMBEDDED, 'filled'))) {
    tell('the embedded database is filled, once')
    rmSync(EMBEDDED, { recursive: true, force: true })
    await printedBy('pglite.ts', 'fill', EMBEDDED, String(EMBEDDED_TASKS))
    writeFileSync(join(EMBEDDED, 'filled'), '')
  }
  const asks = Array.from({ length: 1_000 }, (_, n) => ({ owner: ownerAt(n % 50), method: 'GET', path: '/api/tasks?limit=20' }))
  const rounds: { rate: number; prepared: number; query: number; opened: number }[] = []
  for (let round = 0; round < 3; round++) {
    tell('embedded, through Taskward and alone')
    const server = await startServer(TASKWARD, { ...context, environment: EMBED })
    const opened = server.opened + (await firstPage(server))
    const requests = await Requests.over(cluster, context.database, context.tasks)
    const file = requests.write('embedded', asks, TASKWARD)
    await measured({ url: server.url, file, connections, seconds: 1 }, server.pid, cluster.pid)
    const { rate } = await measured({ url: server.url, file, connections, seconds: seconds + 1 }, server.pid, cluster.pid)
    await server.stop()
    const alone = figuresOf(await printedBy('pglite.ts', 'page', EMBEDDED, String(seconds + 1)))
    rounds.push({ rate, opened, prepared: alone['prepared'] ?? Number.NaN, query: alone['query'] ?? Number.NaN })
  }
  const of = (name: 'rate' | 'opened' | 'prepared' | 'query'): number => median(rounds.map((round) => round[name]))
  return { tasks: EMBEDDED_TASKS, rate: of('rate'), prepared: of('prepared'), query: of('query'), opened: of('opened'), rounds }
}

/** Milliseconds that the first page takes. */
async function firstPage({ url }: Server): Promise<number> {
  const asking = new Asking(url, ownerAt(1))
  const [first = Number.NaN] = await asking.times('/api/tasks', 1)
  asking.close()
  return first
}

/** Milliseconds from the start of the process to its first page, over a PostgreSQL server. */
export async function starts(context: Context): Promise<{ readonly server: number; readonly rounds: readonly number[] }> {
  const rounds: number[] = []
  for (let round = 0; round < 5; round++) {
    context.tell('started')
    const server = await startServer(TASKWARD, context)
    rounds.push(server.opened + (await firstPage(server)))
    await server.stop()
  }
  return { server: median(rounds), rounds }
}

const ENOUGH = 200_000

/** Megabytes resident of a new process, after so many requests: two of three reads, a page, a creation in turn. */
export async function memory(context: Context) {
  const { cluster, connections, tell } = context
  const server = await startServer(TASKWARD, context)
  const requests = await Requests.over(cluster, context.database, context.tasks)
  const seen: { requests: number; memory: number }[] = []
  try {
    for (let sent = 0; sent < ENOUGH; ) {
      for (const load of ['get', 'page', 'create'] as const) {
        tell(`memory after ${Math.round(sent)} requests`)
        const file = await requests.file(load, TASKWARD, 3)
        const { rate, memory } = await measured({ url: server.url, file, connections, seconds: 3 }, server.pid, cluster.pid)
        sent += rate * 3
        seen.push({ requests: Math.round(sent), memory })
      }
    }
  } finally {
    await server.stop()
  }
  return { seen, last: seen.at(-1)?.memory ?? Number.NaN, slope: slopeOf(seen.slice(Math.floor(seen.length / 2))) }
}

/** Megabytes for each 100,000 requests, by least squares. */
function slopeOf(seen: readonly { readonly requests: number; readonly memory: number }[]): number {
  const mean = (of: (one: { readonly requests: number; readonly memory: number }) => number): number =>
    seen.reduce((all, one) => all + of(one), 0) / seen.length
  const [x, y] = [mean((one) => one.requests), mean((one) => one.memory)]
  const along = mean((one) => (one.requests - x) * (one.memory - y))
  return (100_000 * along) / mean((one) => (one.requests - x) ** 2)
}

/** Pages and creations of one server that runs so many processes, up to the number that it refuses to start with. */
export async function workers(context: Context, counts: readonly number[]) {
  const { cluster, connections, seconds, tell } = context
  const requests = await Requests.over(cluster, context.database, context.tasks)
  const found: { workers: number; page: number; create: number; memory: number }[] = []
  for (const count of counts) {
    const server = await startServer(TASKWARD, { ...context, environment: { WORKERS: String(count) } }).catch((fault) => told(fault, count))
    if (server === undefined) break
    try {
      const rate = async (load: 'page' | 'create') => {
        tell(`${load} with ${count} server processes`)
        const file = await requests.file(load, TASKWARD, seconds)
        const seen: Figures[] = []
        for (let round = 0; round <= 3; round++) seen.push(await measured({ url: server.url, file, connections, seconds }, server.pid, cluster.pid))
        return medians(seen.slice(1))
      }
      const [page, create] = [await rate('page'), await rate('create')]
      found.push({ workers: count, page: page.rate, create: create.rate, memory: create.memory })
    } finally {
      await server.stop()
    }
  }
  return found
}

function told(fault: unknown, count: number): undefined {
  if (count === 1) throw fault
  process.stderr.write(`${count} server processes are refused: ${fault instanceof Error ? fault.message : String(fault)}\n`)
}

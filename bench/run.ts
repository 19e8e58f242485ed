/** The whole of it: see README.md beside. `--full` takes longer loads and ten million tasks; `--readme` writes the outcome into the project's README. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SETTINGS } from '../src/config/table.ts'
import { embedded, memory, starts, tokenCheck, workers } from './alone.ts'
import type { Context } from './context.ts'
import { ask, startCluster } from './database.ts'
import { crowds, depths, lists, owners, sizes } from './growth.ts'
import { BENCH, DATA, NODE, ROOT } from './places.ts'
import { Progress } from './progress.ts'
import { report } from './report.ts'
import type { Results } from './results.ts'
import { startServer, TASKWARD } from './servers.ts'
import { sideBySide, sideBySideSeconds } from './side-by-side.ts'
import { farPools, paced, poolSeconds, pools, tailSeconds } from './tails.ts'

const { values } = parseArgs({ options: { full: { type: 'boolean', default: false }, readme: { type: 'boolean', default: false }, only: { type: 'string' } } })
const TASKS = 1_000_000

function orEnd(program: string, args: readonly string[], where: string): void {
  if (spawnSync(program, args, { cwd: where, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) process.exit(1)
}

// What Taskward is measured against stays out of the product's install; decorators are the one thing that Node does not run as it is.
if (!existsSync(join(BENCH, 'node_modules/fastify'))) orEnd('npm', ['ci', '--no-audit', '--no-fund'], BENCH)
mkdirSync(DATA, { recursive: true })
orEnd(NODE, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.nest.json'], BENCH)

const { full } = values
const pace = full ? { rounds: 7, seconds: 5 } : { rounds: 5, seconds: 1 }
const long = full ? 6 : 1

/** What is done, in this order, with about how many seconds it takes. */
const PARTS = {
  sideBySide: { name: 'side by side', seconds: sideBySideSeconds(pace) + 5 },
  tails: { name: 'tails', seconds: tailSeconds(pace) },
  large: { name: 'large owners', seconds: 60 * long },
  crowds: { name: 'connections', seconds: 48 * pace.seconds + 10 },
  memory: { name: 'memory', seconds: 60 },
  alone: { name: 'token check, start, embedded', seconds: 40 + 6 * pace.seconds },
  workers: { name: 'server processes', seconds: 20 * pace.seconds },
  far: { name: 'a database far away', seconds: poolSeconds(pace) },
  sizes: { name: 'size of the database', seconds: 20 * pace.seconds * (full ? 2 : 1) },
} as const

const ALL = ['sideBySide', 'tails', 'large', 'crowds', 'memory', 'alone', 'workers', 'far', 'sizes'] as const
const only = values.only?.split(',')
const unknown = only?.filter((name) => !ALL.some((part) => part === name)) ?? []
if (unknown.length > 0) {
  process.stderr.write(`there is no part ${unknown.join(', ')}; there are ${ALL.join(', ')}\n`)
  process.exit(1)
}
const names = ALL.filter((part) => (only === undefined ? full || part !== 'far' : only.includes(part)))

const cluster = await startCluster()
let isEnding = false
/** Servers that were started end with this process; the database is asked to. */
const end = async (code: number): Promise<never> => {
  if (!isEnding) {
    isEnding = true
    await cluster.stop()
  }
  process.exit(code)
}
const progress = new Progress(names.map((name) => PARTS[name]))
const context: Context = {
  ...pace,
  cluster,
  database: 'run',
  tasks: TASKS,
  pool: Number(SETTINGS.DATABASE_POOL.fallback),
  connections: 16,
  full,
  tell: progress.tell,
}
const results: { -readonly [name in keyof Results]?: Results[name] } = {}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // What was measured before it is not lost.
    report(results, context, false)
    void end(1)
  })
}
try {
  await cluster.fresh('run', TASKS, (what) => process.stderr.write(`${what}\n`))
  for (const name of names) {
    progress.next()
    if (name === 'sideBySide') results.sideBySide = await sideBySide(context)
    else if (name === 'tails') Object.assign(results, { pools: await pools(context), paced: await paced(context) })
    else if (name === 'large') Object.assign(results, await large())
    else if (name === 'crowds') results.crowds = await crowds(context)
    else if (name === 'memory') results.memory = await memory(context)
    else if (name === 'alone') Object.assign(results, { token: await tokenCheck(), starts: await starts(context), embedded: await embedded(context) })
    else if (name === 'workers') results.workers = await workers(context, full ? [1, 2, 4] : [1, 2])
    else if (name === 'far') results.farPools = await farPools(context)
    else results.sizes = await sizes(context, [10_000, 100_000, TASKS, ...(full ? [10_000_000] : [])])
  }
  progress.end()
  report(results, context, values.readme)
  await end(0)
} catch (fault) {
  progress.end()
  process.stderr.write(`${fault instanceof Error ? fault.stack : String(fault)}\n`)
  report(results, context, false)
  await end(1)
}

/** After a vacuum, as PostgreSQL comes to it by itself in time: a list with filters reads the tasks beside its index where they were written since. */
async function large() {
  await ask(cluster.superuser(context.database), 'vacuum tasks')
  const server = await startServer(TASKWARD, context)
  try {
    return { depths: await depths(context, server), owners: await owners(context, server), lists: await lists(context, server) }
  } finally {
    await server.stop()
  }
}

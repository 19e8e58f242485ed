import './prepare-node.mjs'
import { flushCompileCache } from 'node:module'
import process from 'node:process'
import { refuseHeldDirectory } from './compose/data-directory.ts'
import type { Running } from './compose.ts'
import { CannotStart } from './config/cannot-start.ts'
import { loadSettings } from './config/load.ts'

/** Milliseconds. npm and a terminal may both deliver one signal: a second one sooner than this is the first (RUN-06). */
const SAME_SIGNAL = 1_000

let running: Running | undefined
let ending: number | undefined

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => obey(signal))
// A rejection that nobody handles comes here too.
process.on('uncaughtException', fail)
// Whoever waited for the ready line may close the pipe after it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  const settings = loadSettings()
  refuseHeldDirectory(settings)
  // Loaded last, for it takes longest: what a start fails for most is told at once.
  const { compose } = await import('./compose.ts')
  running = await compose(settings)
  if (running.curl !== undefined) process.stdout.write(`${running.curl}\n`)
  process.stdout.write(`listening on ${running.url}\n`)
  flushCompileCache()
} catch (error) {
  fail(error)
}

function obey(signal: NodeJS.Signals): void {
  const now = performance.now()
  if (ending === undefined) void end(signal, 0)
  else if (now - ending > SAME_SIGNAL) process.exit(1)
}

/** There is no way to go on: a start that cannot be, or a fault of ours while serving. */
function fail(error: unknown): void {
  if (running === undefined) {
    const lines = error instanceof CannotStart ? error.lines : [`of an unexpected ${error instanceof Error ? error.name : typeof error}`]
    for (const line of lines) process.stderr.write(`cannot start: ${line}\n`)
    process.exit(1)
  }
  running.tell({ kind: 'failed', requestId: undefined, cause: error })
  process.exitCode = 1
  if (ending === undefined) void end('uncaughtException', 1)
}

/** Before it serves nothing is under way, and what is open closes with the process. */
async function end(why: string, code: number): Promise<void> {
  ending = performance.now()
  process.exitCode = code
  await running?.stop(why).catch(fail)
  process.exit()
}

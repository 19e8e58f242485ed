import './prepare-node.mjs'
import process from 'node:process'
import { joinPrimary } from './adapters/cluster/worker.ts'
import type { RunningWorker } from './compose.ts'
import { CannotStart } from './config/cannot-start.ts'
import { loadSettings } from './config/load.ts'

/** One of the processes that `main.ts` starts where `WORKERS` is over 1: it serves a share, and ends with that one. */
let running: RunningWorker | undefined
let isEnding = false

const primary = joinPrimary({ stop: (why) => void end(why, 0), figures: async () => (await running?.figures()) ?? [] })

// A terminal gives them to every process of its group. The primary one has them too, and says when to stop.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {})
process.on('uncaughtException', (error) => void fail(error))
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  const settings = loadSettings()
  const { composeWorker } = await import('./compose.ts')
  running = await composeWorker(settings, primary)
  primary.ready()
} catch (error) {
  await fail(error)
}

async function fail(error: unknown): Promise<void> {
  if (running === undefined) {
    await primary.cannotStart(error instanceof CannotStart ? error.lines : [`of an unexpected ${error instanceof Error ? error.name : typeof error}`])
    process.exit(1)
  }
  running.tell({ kind: 'failed', requestId: undefined, cause: error })
  await end('uncaughtException', 1)
}

async function end(why: string, code: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  process.exitCode = code
  await running?.stop(why).catch((error: unknown) => running?.tell({ kind: 'failed', requestId: undefined, cause: error }))
  process.exit()
}

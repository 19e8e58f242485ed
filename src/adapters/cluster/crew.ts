import cluster from 'node:cluster'
import type { Counts } from '../../application/counting.ts'
import type { Tell } from '../../application/observation.ts'
import type { Figures, Place } from './messages.ts'
import { WorkerProcess } from './worker-process.ts'

export interface CrewOptions {
  /** The file that a worker process runs. */
  readonly program: string
  /** One for each of them. */
  readonly places: readonly Place[]
  readonly counts: Counts
  /** All figures as text, of those of the worker processes. */
  print(figures: readonly Figures[]): Promise<string>
  readonly tell: Tell
}

/** All worker processes of a server. */
export interface Crew {
  /** Lets each finish what is under way. @param most milliseconds, after which those that are left are killed */
  stop(why: string, most: number): Promise<void>
}

/** Why worker processes did not start, in lines for the operator. */
export class WorkerCannotStart extends Error {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('; '))
    this.name = 'WorkerCannotStart'
    this.lines = lines
  }
}

/** Ends within so many milliseconds, for each place, that are made good; more of them are no accident (PROC-04). */
const SPAN = 60_000
const ENDS = 3

/**
 * Starts a worker process for each place, and another one whenever one ends; when they end again and again it throws out of its own
 * listener, which ends the process.
 * @throws {WorkerCannotStart} unless all of them serve
 */
export async function startCrew({ program, places, counts, print, tell }: CrewOptions): Promise<Crew> {
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({ exec: program, args: [] })
  const crew = new Set<WorkerProcess>()
  const started = Promise.withResolvers<void>()
  let phase: 'starting' | 'serving' | 'stopping' = 'starting'
  let serving = 0
  let ends: number[] = []

  function begin(place: Place): void {
    let reason: readonly string[] | undefined
    const worker: WorkerProcess = new WorkerProcess(place, counts, {
      ready() {
        tell({ kind: 'worker-started', worker: worker.pid })
        if (++serving === places.length) started.resolve()
      },
      cannotStart(lines) {
        reason = lines
      },
      ended(how) {
        crew.delete(worker)
        if (phase === 'starting') return started.reject(new WorkerCannotStart(reason ?? [`a worker process ended with ${how} before it served`]))
        if (phase === 'stopping') return
        tell({ kind: 'worker-ended', worker: worker.pid, how, reason })
        refuseToGoOnForEver()
        begin(place)
      },
      printMetrics: async () => print(await Promise.all([...crew].map((one) => one.figures()))),
      lost: (code) => tell({ kind: 'warned', what: `a message to a worker process was lost (${code})` }),
    })
    crew.add(worker)
  }

  function refuseToGoOnForEver(): void {
    const now = performance.now()
    ends = [...ends.filter((at) => now - at < SPAN), now]
    if (ends.length > ENDS * places.length) throw new Error(`worker processes end again and again: ${ends.length} within ${SPAN / 1000} s`)
  }

  for (const place of places) begin(place)
  await started.promise
  phase = 'serving'
  return {
    async stop(why, most) {
      phase = 'stopping'
      const killing = setTimeout(() => {
        tell({ kind: 'warned', what: `${crew.size} worker processes did not end in time, and were killed` })
        for (const worker of crew) worker.kill()
      }, most)
      for (const worker of crew) worker.stop(why)
      await Promise.all([...crew].map(({ ended }) => ended))
      clearTimeout(killing)
    },
  }
}

import { join } from 'node:path'
import { startCrew, WorkerCannotStart } from '../adapters/cluster/crew.ts'
import type { Counts } from '../application/counting.ts'
import type { Tell } from '../application/observation.ts'
import { CannotStart } from '../config/cannot-start.ts'
import { sharesOf } from '../config/shares.ts'
import type { Settings } from '../config.ts'
import { tryPort } from './listen.ts'

/** Milliseconds beyond the grace after which a worker process is not waited for. */
const PATIENCE = 7_000

/** What answers requests: a server in this process, or in others. */
export interface Front {
  readonly url: string
  /** Finishes what is under way within the grace. */
  stop(why: string): Promise<void>
}

/** Starts `WORKERS` processes on one port. @param print all figures, of theirs. @throws {CannotStart} */
export async function leadCrew(
  settings: Settings,
  counts: Counts,
  print: (figures: readonly (readonly object[])[]) => Promise<string>,
  tell: Tell,
): Promise<Front> {
  // What cannot be listened on is told before anything is started, and a port that the system picks is picked once, for those too that come later.
  const { url, port } = await tryPort(settings.host, settings.port)
  const program = join(import.meta.dirname, '../worker.ts')
  const places = sharesOf(settings).map((share) => ({ ...share, port }))
  try {
    const crew = await startCrew({ program, places, counts, print, tell })
    return { url, stop: (why) => crew.stop(why, settings.shutdownGrace * 1_000 + PATIENCE) }
  } catch (fault) {
    throw fault instanceof WorkerCannotStart ? new CannotStart(fault.lines, fault) : fault
  }
}

import { type Log, openLog } from '../adapters/system/log.ts'
import type { Metrics } from '../adapters/system/metrics.ts'
import { openTracing } from '../adapters/system/tracing.ts'
import type { Tell } from '../application/observation.ts'
import type { Tracing } from '../application/tracing.ts'
import { CannotStart } from '../config/cannot-start.ts'
import type { Settings } from '../config.ts'

/** What a process tells: the log and the metrics are two listeners, and whoever traces is told of requests. */
export interface Telling extends Log {
  readonly metrics: Metrics | undefined
  readonly tracing: Tracing | undefined
}

/** Starts something that tells; what it fails for unexpectedly is in the log. @throws {CannotStart} */
export async function told<T>(settings: Settings, start: (telling: Telling) => Promise<T>): Promise<T> {
  const log = openLog(settings.logLevel, settings.workers === 1 ? undefined : process.pid)
  const metrics = settings.metricsToken === undefined ? undefined : await measuring()
  const tell: Tell = (observation) => {
    log.tell(observation)
    metrics?.tell(observation)
  }
  try {
    return await start({ tell, flush: log.flush, metrics, tracing: await openTracing() })
  } catch (error) {
    if (error instanceof CannotStart) throw error
    log.tell({ kind: 'failed', requestId: undefined, cause: error })
    throw new CannotStart([`of an unexpected ${error instanceof Error ? error.name : typeof error}, of which the log has more`], error)
  } finally {
    log.flush()
  }
}

/** Loaded only where somebody is to be told figures. */
const measuring = async (): Promise<Metrics> => (await import('../adapters/system/metrics.ts')).createMetrics()

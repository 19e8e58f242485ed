import { AggregatorRegistry, Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { Levels, Observation, Tell } from '../../application/observation.ts'
import { gaugeKeySet, gaugeLevels } from './gauges.ts'

export interface Metrics {
  readonly tell: Tell
  /** What is looked at from now on whenever figures are asked for. */
  watch(levels: Levels): void
  /** All figures as they are now, in the text format of Prometheus; none of them names an owner (DOC-06). */
  print(): Promise<string>
  /** The same, for another process to add up. */
  figures(): Promise<readonly object[]>
  /** The sums of this process's figures and those of others. */
  printSum(others: readonly (readonly object[])[]): Promise<string>
}

/** Seconds: from a cached read to what a client gives up on. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The figures of one process: the other listener of what the log hears. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'taskward_http_requests_total',
    help: 'Requests answered, by method, route pattern and status',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'taskward_http_request_duration_seconds',
    help: 'From the first look at a request to its answer, by route pattern',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [registry],
  })
  const problems = new Counter({
    name: 'taskward_problems_total',
    help: 'Requests answered with a problem, by its slug',
    labelNames: ['problem'],
    registers: [registry],
  })
  const faults = new Counter({ name: 'taskward_faults_total', help: 'Faults of the server, the database or the issuer', registers: [registry] })
  const keySets = new Counter({
    name: 'taskward_key_set_fetches_total',
    help: 'Fetches of the key set, by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  })
  const keySetAge = gaugeKeySet([registry])
  const due = new Counter({ name: 'taskward_due_work_total', help: 'Tasks purged, kept answers and tombstones forgotten', registers: [registry] })

  function tell(observation: Observation): void {
    switch (observation.kind) {
      case 'answered': {
        const { method, route = 'none', status, milliseconds, problem } = observation.request
        requests.inc({ method, route, status })
        seconds.observe({ route }, milliseconds / 1000)
        if (problem !== undefined) problems.inc({ problem })
        return
      }
      case 'failed':
        return faults.inc()
      case 'key-set-fetched':
        keySetAge.renewed()
        return keySets.inc({ outcome: 'fetched' })
      case 'key-set-failed':
        return keySets.inc({ outcome: 'failed' })
      case 'due-work-done':
        return due.inc(observation.count)
      case 'listening':
      case 'migrated':
      case 'warned':
      case 'worker-started':
      case 'worker-ended':
      case 'stopping':
      case 'stopped':
        return
    }
  }

  return {
    tell,
    watch: (levels) => gaugeLevels([registry], levels),
    print: () => registry.metrics(),
    figures: () => registry.getMetricsAsJSON(),
    printSum: async (others) => AggregatorRegistry.aggregate([await registry.getMetricsAsJSON(), ...others]).metrics(),
  }
}

import { Gauge, type Registry } from 'prom-client'
import type { Levels } from '../../application/observation.ts'

/** What is looked at when figures are asked for; of several processes the sum is told. */
export function gaugeLevels(registers: Registry[], { inFlight, streams, connections }: Levels): void {
  const gauge = (name: string, help: string, level: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(level())
      },
    })
  gauge('taskward_requests_in_flight', 'Requests under way, but for streams, health, documents and metrics', inFlight)
  gauge('taskward_streams_open', 'Streams of changes that are open', streams)
  if (connections === undefined) return
  new Gauge({
    name: 'taskward_database_connections',
    help: 'Connections of the pool, by what they do',
    labelNames: ['state'],
    registers,
    collect() {
      const { busy, idle } = connections()
      this.set({ state: 'busy' }, busy)
      this.set({ state: 'idle' }, idle)
    },
  })
  gauge('taskward_database_waiting', 'Statements that wait for a connection', () => connections().waiting)
}

/** Is there from the first fetch on: no set is not a young one. Of several processes the oldest is told. */
export function gaugeKeySet(registers: Registry[]): { renewed(): void } {
  let at: number | undefined
  return {
    renewed() {
      const isFirst = at === undefined
      at = performance.now()
      if (!isFirst) return
      new Gauge({
        name: 'taskward_key_set_age_seconds',
        help: 'Since the key set that is in use was fetched',
        registers,
        aggregator: 'max',
        collect() {
          this.set((performance.now() - (at ?? 0)) / 1000)
        },
      })
    },
  }
}

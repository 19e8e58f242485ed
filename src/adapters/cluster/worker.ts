import cluster from 'node:cluster'
import type { Counts } from '../../application/counting.ts'
import type { Figures, FromPrimary, FromWorker, Place } from './messages.ts'
import { RemoteCounts } from './remote-counts.ts'

/** What a worker process has of the primary one. When that dies, this one ends at once: `node:cluster` sees to it (PROC-06). */
export interface Primary {
  readonly counts: Counts
  /** Where to serve. */
  place(): Promise<Place>
  /** Says that it serves. */
  ready(): void
  /** Says why it does not; resolves once that has gone out. */
  cannotStart(lines: readonly string[]): Promise<void>
  /** The figures of all processes, in the text format of Prometheus. */
  printMetrics(): Promise<string>
}

/** What the primary process wants of this one. */
export interface Orders {
  stop(why: string): void
  figures(): Promise<Figures>
}

/** @throws where the process was not started by a primary one */
export function joinPrimary(orders: Orders): Primary {
  const { worker } = cluster
  if (worker === undefined) throw new Error('this program is started by the server, where WORKERS is over 1')
  const send = (message: FromWorker): void => void worker.send(message)
  const counts = new RemoteCounts(send)
  const place = Promise.withResolvers<Place>()
  const printing = new Map<number, (text: string) => void>()
  let printings = 0

  worker.on('message', (message: FromPrimary) => {
    switch (message.kind) {
      case 'place':
        return place.resolve(message.place)
      case 'stop':
        return orders.stop(message.why)
      case 'counted':
        return counts.answer(message.id, message.answers)
      case 'tell-figures':
        return void orders.figures().then((figures) => send({ kind: 'figures', id: message.id, figures }))
      case 'metrics':
        printing.get(message.id)?.(message.text)
        return void printing.delete(message.id)
    }
  })

  return {
    counts,
    place() {
      send({ kind: 'here' })
      return place.promise
    },
    ready: () => send({ kind: 'ready' }),
    cannotStart: (lines) =>
      new Promise((resolve) => {
        worker.process.send?.({ kind: 'cannot-start', lines } satisfies FromWorker, undefined, undefined, () => resolve())
      }),
    printMetrics: () =>
      new Promise((resolve) => {
        const id = printings++
        printing.set(id, resolve)
        send({ kind: 'print-metrics', id })
      }),
  }
}

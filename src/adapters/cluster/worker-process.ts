import cluster, { type Worker } from 'node:cluster'
import type { Counts } from '../../application/counting.ts'
import { CountingDesk } from './counting-desk.ts'
import type { Figures, FromPrimary, FromWorker, Place } from './messages.ts'

/** What one worker process tells of itself, and asks for. */
export interface Listener {
  ready(): void
  cannotStart(lines: readonly string[]): void
  ended(how: number | string): void
  printMetrics(): Promise<string>
  /** A message that could not be sent. */
  lost(code: string): void
}

/** One worker process, from its fork to its end, as the primary sees it. */
export class WorkerProcess {
  readonly place: Place
  readonly #worker: Worker
  readonly #desk: CountingDesk
  readonly #listener: Listener
  readonly #asked = new Map<number, (figures: Figures) => void>()
  #stopping: string | undefined
  #serves = false
  #asks = 0
  readonly ended: Promise<void>

  constructor(place: Place, counts: Counts, listener: Listener) {
    this.place = place
    this.#desk = new CountingDesk(counts)
    this.#listener = listener
    this.#worker = cluster.fork()
    this.#worker.on('message', (message: FromWorker) => void this.#hear(message))
    // Of one that is ending: its end says the rest.
    this.#worker.on('error', (error: NodeJS.ErrnoException) => listener.lost(error.code ?? error.name))
    this.ended = new Promise((resolve) => {
      this.#worker.once('exit', (code, signal) => {
        this.#desk.close()
        for (const resolveFigures of this.#asked.values()) resolveFigures([])
        resolve()
        listener.ended(signal ?? code)
      })
    })
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0
  }

  stop(why: string): void {
    this.#stopping = why
    this.#send({ kind: 'stop', why })
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  /** What it has counted of itself; nothing before it serves, when it would not hear, and where it ends before it answers. */
  figures(): Promise<Figures> {
    if (!this.#serves || !this.#worker.isConnected()) return Promise.resolve([])
    return new Promise((resolve) => {
      const id = this.#asks++
      this.#asked.set(id, resolve)
      this.#send({ kind: 'tell-figures', id })
    })
  }

  async #hear(message: FromWorker): Promise<void> {
    switch (message.kind) {
      case 'here':
        // Told to stop before it listened, it is told again.
        if (this.#stopping !== undefined) return this.#send({ kind: 'stop', why: this.#stopping })
        return this.#send({ kind: 'place', place: this.place })
      case 'ready':
        this.#serves = true
        return this.#listener.ready()
      case 'cannot-start':
        return this.#listener.cannotStart(message.lines)
      case 'count':
        return this.#send({ kind: 'counted', id: message.id, answers: await this.#desk.answer(message.questions) })
      case 'stream-given-back':
        return this.#desk.giveStreamBack(message.owner)
      case 'figures':
        this.#asked.get(message.id)?.(message.figures)
        return void this.#asked.delete(message.id)
      case 'print-metrics':
        return this.#send({ kind: 'metrics', id: message.id, text: await this.#listener.printMetrics() })
    }
  }

  #send(message: FromPrimary): void {
    if (this.#worker.isConnected()) this.#worker.send(message)
  }
}

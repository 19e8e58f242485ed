import type { DestinationStream } from 'pino'

/** Milliseconds that a line waits for others at most. */
const PATIENCE = 50

/** Gathers lines, and hands them over together: each write wakes a thread (LOG-03). */
export class Lines implements DestinationStream {
  readonly #destination: DestinationStream
  /** Beside the heap, where lines that wait are neither moved nor looked through. */
  readonly #gathered: Buffer
  #length = 0
  #waiting: NodeJS.Timeout | undefined

  /** @param most bytes that are handed over together; a line that is longer goes by itself */
  constructor(destination: DestinationStream, most: number) {
    this.#destination = destination
    this.#gathered = Buffer.allocUnsafeSlow(most)
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line)
    if (this.#length + bytes > this.#gathered.length) this.handOver()
    if (bytes > this.#gathered.length) return this.#destination.write(line)
    this.#length += this.#gathered.write(line, this.#length)
    this.#waiting ??= setTimeout(() => this.handOver(), PATIENCE).unref()
  }

  /** All that has been gathered. */
  handOver(): void {
    clearTimeout(this.#waiting)
    this.#waiting = undefined
    if (this.#length === 0) return
    const text = this.#gathered.toString('utf8', 0, this.#length)
    this.#length = 0
    this.#destination.write(text)
  }
}

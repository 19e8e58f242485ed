/** What a run is made of, with the seconds that each part takes. */
export interface Planned {
  readonly name: string
  readonly seconds: number
}

const WIDTH = 30

/** A bar on standard error that goes on by time: on one line of a terminal, in lines of their own elsewhere. */
export class Progress {
  readonly #parts: readonly Planned[]
  readonly #isTerminal = process.stderr.isTTY
  #at = -1
  #begun = performance.now()
  #what = ''
  #timer: NodeJS.Timeout | undefined

  constructor(parts: readonly Planned[]) {
    this.#parts = parts
  }

  /** The next part begins. */
  next(): void {
    this.#at++
    this.#begun = performance.now()
    this.#what = ''
    this.#timer ??= setInterval(() => this.#draw(), this.#isTerminal ? 500 : 30_000).unref()
    this.#draw()
  }

  /** What goes on within it. */
  readonly tell = (what: string): void => {
    this.#what = what
    if (this.#isTerminal) this.#draw()
  }

  end(): void {
    clearInterval(this.#timer)
    if (this.#isTerminal) process.stderr.write('\n')
  }

  #draw(): void {
    const part = this.#parts[this.#at]
    if (part === undefined) return
    const sum = (parts: readonly Planned[]): number => parts.reduce((all, { seconds }) => all + seconds, 0)
    const here = Math.min(part.seconds, (performance.now() - this.#begun) / 1_000)
    const done = (sum(this.#parts.slice(0, this.#at)) + here) / sum(this.#parts)
    const filled = Math.round(done * WIDTH)
    const line = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${Math.round(100 * done)} %  ${part.name}${this.#what === '' ? '' : `: ${this.#what}`}`
    process.stderr.write(this.#isTerminal ? `\r\x1b[K${line.slice(0, (process.stderr.columns ?? 100) - 1)}` : `${line}\n`)
  }
}

/** A process of its own that asks as much as it is told to, by as little code as can be: what it takes of the machine, the servers lack. */
import { connect, type Socket } from 'node:net'
import { quantile } from '../figures/measuring.ts'
import type { Flood, Seen } from './flood.ts'

process.once('message', (flood: Flood) => {
  void flooded(flood).then((seen) => process.send?.(seen, () => process.exit()))
})

/** @returns what came back between the end of warming up and the end */
async function flooded({ port, texts, connections, rate, warming, seconds }: Flood): Promise<Seen> {
  const statuses: Record<number, number> = {}
  const [accepted, refused]: [number[], number[]] = [[], []]
  const idle: Connection[] = []
  let [open, lost, unsent, asked, isOver] = [0, 0, 0, 0, false]
  const begun = performance.now() + 1_000 * warming
  const isCounted = (): boolean => !isOver && performance.now() > begun

  class Connection {
    readonly #socket: Socket
    #due = 0
    #head: Buffer = Buffer.alloc(0)
    #left = 0
    #status = 0

    constructor() {
      open++
      this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
      this.#socket.on('data', (piece: Buffer) => this.#take(piece)).on('error', () => {})
      this.#socket.once('close', () => {
        open--
        const at = idle.indexOf(this)
        if (at !== -1) idle.splice(at, 1)
        if (this.#due > 0 && isCounted()) lost++
        if (rate === undefined && !isOver) new Connection().ask(performance.now())
      })
    }

    /** @param due when it ought to have been asked */
    ask(due: number): void {
      this.#due = due
      this.#socket.write(texts[asked++ % texts.length] ?? '')
    }

    #take(piece: Buffer): void {
      if (this.#left > 0) this.#left -= piece.length
      else {
        this.#head = this.#head.length === 0 ? piece : Buffer.concat([this.#head, piece])
        const end = this.#head.indexOf('\r\n\r\n')
        if (end === -1) return
        const head = this.#head.toString('latin1', 0, end)
        this.#status = Number(head.slice(9, 12))
        this.#left = Number(/content-length: (\d+)/i.exec(head)?.[1]) - (this.#head.length - end - 4)
        this.#head = Buffer.alloc(0)
      }
      if (this.#left === 0) this.#done()
    }

    #done(): void {
      if (isCounted()) {
        statuses[this.#status] = (statuses[this.#status] ?? 0) + 1
        ;(this.#status < 400 ? accepted : refused).push(performance.now() - this.#due)
      }
      this.#due = 0
      if (rate === undefined) this.ask(performance.now())
      else idle.push(this)
    }
  }

  if (rate === undefined) for (let at = 0; at < connections; at++) new Connection().ask(performance.now())
  else {
    let due = performance.now()
    const pacing = setInterval(() => {
      for (const now = performance.now(); due <= now; due += 1_000 / rate) {
        const free = idle.pop() ?? (open < connections ? new Connection() : undefined)
        if (free !== undefined) free.ask(due)
        else if (isCounted()) unsent++
      }
      if (isOver) clearInterval(pacing)
    }, 1)
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000 * (warming + seconds)))
  isOver = true
  const figures = (all: readonly number[]) => ({ count: all.length, p50: quantile(all, 0.5), p99: quantile(all, 0.99) })
  return { statuses, accepted: figures(accepted), refused: figures(refused), lost, unsent, open }
}

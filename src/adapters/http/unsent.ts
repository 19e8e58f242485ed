import type { Context } from './context.ts'
import { Fault } from './problem.ts'

/** Characters: of answers that are counted at all, and of those that may wait for one owner's readers (OPS-21). */
const LARGE = 65_536
const MOST = 16_000_000

const TOO_MUCH = new Fault({ slug: 'temporary-reduced-capacity', detail: 'answers before this one have not been read', headers: { 'Retry-After': '1' } })

/** What was answered and has not gone out: who asks and does not read would have the server keep it all. */
export class Unsent {
  readonly #lengths = new Map<string, number>()

  /** Counts an answer until it has gone out, or its connection has. @throws {Fault} temporary-reduced-capacity, for a read alone: what was written is told */
  hold({ state: { who }, body, method, res }: Context): void {
    if (who === undefined || typeof body !== 'string' || body.length < LARGE || res.closed) return
    const { pseudonym } = who
    const { length } = body
    const before = this.#lengths.get(pseudonym) ?? 0
    if (method === 'GET' && before > 0 && before + length > MOST) throw TOO_MUCH
    this.#lengths.set(pseudonym, before + length)
    res.once('close', () => {
      const left = (this.#lengths.get(pseudonym) ?? 0) - length
      if (left > 0) this.#lengths.set(pseudonym, left)
      else this.#lengths.delete(pseudonym)
    })
  }
}

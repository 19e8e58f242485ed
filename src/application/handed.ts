import type { ShownChange } from './sync.ts'
import type { News } from './watching.ts'

/** Characters of what waits to be told: a slow reader holds no more. Beyond it the feed is looked at instead. */
const MOST = 64 * 1024

/** The changes that commits of this process hand to a stream, which tells them without a look while no number is missing. */
export class Handed {
  /** All that is there up to this number has been told. */
  #told = -1
  #isCaughtUp = false
  /** Since the last look began something was committed that was not handed over. */
  #isMissing = false
  #changes: ShownChange[] = []
  #size = 0

  get told(): number {
    return this.#told
  }

  /** @returns whether there is anything that was not told */
  take(news: News | undefined): boolean {
    if (news !== undefined && news.seq <= this.#told) return false
    if (news?.json === undefined || this.#size + news.json.length > MOST) {
      this.#isMissing = true
      this.#empty()
    } else if (!this.#isMissing) {
      this.#changes.push({ seq: news.seq, json: news.json })
      this.#size += news.json.length
    }
    return true
  }

  /** A look begins: it sees all that was committed before, so that only what is handed over from here on counts. */
  begin(): void {
    this.#isCaughtUp = false
    this.#isMissing = false
    this.#empty()
  }

  /** A look saw all there is, up to this number. */
  reached(seq: number): void {
    this.#told = seq
    this.#isCaughtUp = true
  }

  /** @returns what is to be told next; undefined where only a look can say */
  give(): readonly ShownChange[] | undefined {
    if (!this.#isCaughtUp || this.#isMissing) return undefined
    // Those of one moment may come in another order than that of their numbers.
    const next = this.#changes.filter(({ seq }) => seq > this.#told).sort((a, b) => a.seq - b.seq)
    if (next.some(({ seq }, at) => seq !== this.#told + 1 + at)) return undefined
    this.#told += next.length
    this.#empty()
    return next
  }

  #empty(): void {
    this.#changes = []
    this.#size = 0
  }
}

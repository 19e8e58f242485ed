/** Who has how many streams open. */
export class StreamPlaces {
  readonly #most: number
  readonly #taken = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  take(owner: string): boolean {
    const taken = this.#taken.get(owner) ?? 0
    if (taken >= this.#most) return false
    this.#taken.set(owner, taken + 1)
    return true
  }

  giveBack(owner: string): void {
    const left = (this.#taken.get(owner) ?? 1) - 1
    if (left === 0) this.#taken.delete(owner)
    else this.#taken.set(owner, left)
  }
}

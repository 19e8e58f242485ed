/** A bounded memory: what was asked for longest ago goes first. */
export class Recent<V> {
  readonly #held = new Map<string, V>()
  readonly #most: number
  readonly #weigh: (value: V) => number
  #weight = 0

  /** @param most what all of it may weigh. @param weigh a value at the time it is put in; else each weighs 1, and `most` is their number */
  constructor(most: number, weigh: (value: V) => number = () => 1) {
    this.#most = most
    this.#weigh = weigh
  }

  get(key: string): V | undefined {
    const found = this.#held.get(key)
    if (found === undefined) return undefined
    // A Map keeps the order of insertion.
    this.#held.delete(key)
    this.#held.set(key, found)
    return found
  }

  set(key: string, value: V): void {
    this.delete(key)
    this.#held.set(key, value)
    this.#weight += this.#weigh(value)
    for (const oldest of this.#held.keys()) {
      if (this.#weight <= this.#most) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    this.#held.delete(key)
    this.#weight -= this.#weigh(held)
  }
}

/** Texts that are longer are seldom asked for again. */
const TEXT = 200

/** Remembers what a text was read as: for what gives the same for the same text, or throws. */
export function remembering<V>(read: (text: string) => V, most: number): (text: string) => V {
  const known = new Recent<V>(most)
  return (text) => {
    if (text.length > TEXT) return read(text)
    const value = known.get(text) ?? read(text)
    known.set(text, value)
    return value
  }
}

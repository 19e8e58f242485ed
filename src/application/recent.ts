interface Entry<V> {
  readonly key: string
  readonly value: V
  readonly weight: number
  newer: Entry<V> | undefined
  older: Entry<V> | undefined
}

/**
 * A bounded memory: what was asked for longest ago goes first. The order is a list of its own: one that is kept by taking a key out of the map
 * and putting it in again makes garbage of old objects with each hit, which is the dearest kind.
 */
export class Recent<V> {
  readonly #held = new Map<string, Entry<V>>()
  readonly #most: number
  readonly #weigh: (value: V) => number
  #weight = 0
  #newest: Entry<V> | undefined
  #oldest: Entry<V> | undefined

  /** @param most what all of it may weigh. @param weigh a value at the time it is put in; else each weighs 1, and `most` is their number */
  constructor(most: number, weigh: (value: V) => number = () => 1) {
    this.#most = most
    this.#weigh = weigh
  }

  get(key: string): V | undefined {
    const found = this.#held.get(key)
    if (found === undefined) return undefined
    if (found !== this.#newest) {
      this.#unlink(found)
      this.#link(found)
    }
    return found.value
  }

  set(key: string, value: V): void {
    this.delete(key)
    const entry: Entry<V> = { key, value, weight: this.#weigh(value), newer: undefined, older: undefined }
    this.#held.set(key, entry)
    this.#weight += entry.weight
    this.#link(entry)
    while (this.#weight > this.#most && this.#oldest !== undefined) this.delete(this.#oldest.key)
  }

  delete(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    this.#held.delete(key)
    this.#weight -= held.weight
    this.#unlink(held)
  }

  #link(entry: Entry<V>): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink({ newer, older }: Entry<V>): void {
    if (newer === undefined) this.#newest = older
    else newer.older = older
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
  }
}

/** Texts that are longer are seldom asked for again. */
const TEXT = 200

/** Remembers what a text was read as: for what gives the same for the same text, or throws. */
export function remembering<V>(read: (text: string) => V, most: number): (text: string) => V {
  const known = new Recent<V>(most)
  return (text) => {
    if (text.length > TEXT) return read(text)
    const held = known.get(text)
    if (held !== undefined) return held
    const value = read(text)
    known.set(text, value)
    return value
  }
}

/** Where a text stands in a ring: how much was written before it, and its length, in bytes. */
export interface Place {
  readonly from: number
  readonly length: number
}

/**
 * Texts beside the heap, in a fixed number of bytes: what was written longest ago is overwritten. Kept in the heap, thousands of them would be
 * copied, and looked through for what is still used, again and again.
 */
export class TextRing {
  readonly #bytes: Buffer
  /** All that was ever written, and what was left free at the end of a round. */
  #written = 0

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size)
  }

  /** @param text of whole characters, no longer than the ring */
  put(text: string): Place {
    const size = this.#bytes.length
    const length = Buffer.byteLength(text)
    const left = size - (this.#written % size)
    if (length > left) this.#written += left
    const from = this.#written
    this.#bytes.write(text, from % size)
    this.#written += length
    return { from, length }
  }

  /** Whether it has not been overwritten. */
  has({ from }: Place): boolean {
    return this.#written - from <= this.#bytes.length
  }

  /** Undefined where it has been. */
  get(place: Place): string | undefined {
    const at = place.from % this.#bytes.length
    return this.has(place) ? this.#bytes.toString('utf8', at, at + place.length) : undefined
  }
}

import { hash } from 'node:crypto'

/**
 * A bounded memory by token, the least recently used forgotten first. It keeps a digest: tokens are up to 8 KB,
 * and a memory dump should not hold what opens every account.
 */
export class TokenCache<T> {
  readonly #held = new Map<string, T>()
  readonly #size: number

  constructor(size: number) {
    this.#size = size
  }

  get(token: string): T | undefined {
    const name = nameOf(token)
    const found = this.#held.get(name)
    if (found !== undefined) this.#put(name, found)
    return found
  }

  set(token: string, value: T): void {
    this.#put(nameOf(token), value)
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= this.#size) return
      this.#held.delete(oldest)
    }
  }

  /** A Map keeps the order of insertion. */
  #put(name: string, value: T): void {
    this.#held.delete(name)
    this.#held.set(name, value)
  }
}

const nameOf = (token: string): string => hash('sha256', token, 'base64')

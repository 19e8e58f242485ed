import { hash } from 'node:crypto'
import { Recent } from '../../application/recent.ts'

/** A bounded memory by token. It keeps a digest: tokens are up to 8 KB, and a memory dump should not hold what opens every account. */
export class TokenCache<T> {
  readonly #held: Recent<T>

  constructor(size: number) {
    this.#held = new Recent(size)
  }

  get(token: string): T | undefined {
    return this.#held.get(nameOf(token))
  }

  set(token: string, value: T): void {
    this.#held.set(nameOf(token), value)
  }
}

const nameOf = (token: string): string => hash('sha256', token, 'base64')

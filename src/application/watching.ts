import type { Owner } from '../domain/owner.ts'

/** Tells that one owner's feed may have more to tell. */
export interface Watched {
  /**
   * Calls the listener after each commit of this owner's by whatever process: as a rule within a tenth of a second, always within a second
   * while the store can be reached. It may be called once for several commits, and for nothing: the feed is the truth.
   * @param listener is given the owner's latest number where that is known, so that it need not look for what it has seen
   * @returns ends it
   */
  watch(listener: Listener): () => void
}

export type Listener = (latest?: number) => void

/** Who watches whom in this process. */
export class Watchers {
  readonly #watched = new Map<string, { readonly owner: Owner; readonly listeners: Set<Listener> }>()

  watch(owner: Owner, listener: Listener): () => void {
    const { listeners } = this.#watched.get(owner.id) ?? { listeners: new Set<Listener>() }
    this.#watched.set(owner.id, { owner, listeners })
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#watched.get(owner.id)?.listeners === listeners) this.#watched.delete(owner.id)
    }
  }

  wake(ownerId: string, latest?: number): void {
    for (const listener of this.#watched.get(ownerId)?.listeners ?? []) listener(latest)
  }

  has = ({ id }: Owner): boolean => this.#watched.has(id)

  get owners(): readonly Owner[] {
    return [...this.#watched.values()].map(({ owner }) => owner)
  }
}

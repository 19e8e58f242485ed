import type { Owner } from '../domain/owner.ts'
import type { Json } from './printing.ts'
import type { TaskChange } from './sync.ts'

/** Tells that one owner's feed may have more to tell. */
export interface Watched {
  /**
   * Calls the listener after each commit of this owner's by whatever process: as a rule within a tenth of a second, always within a second
   * while the store can be reached. It may be called once for several commits, and for nothing: the feed is the truth.
   * @returns ends it
   */
  watch(listener: Listener): () => void
}

/** What a listener need not look for. */
export interface News {
  /** The owner's latest number. */
  readonly seq: number
  /** The change of that number, where this process made it. */
  readonly json?: Json<TaskChange>
}

/** @param news undefined where nothing is known but that there is something */
export type Listener = (news?: News) => void

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

  /** @param news is asked for only where somebody listens */
  wake(ownerId: string, news?: () => News): void {
    const { listeners } = this.#watched.get(ownerId) ?? {}
    if (listeners === undefined) return
    const told = news?.()
    for (const listener of listeners) listener(told)
  }

  has = ({ id }: Owner): boolean => this.#watched.has(id)

  get owners(): readonly Owner[] {
    return [...this.#watched.values()].map(({ owner }) => owner)
  }
}

import { hash, randomUUID } from 'node:crypto'
import type { ClientConfig } from 'pg'
import { Unavailable } from '../../application/ports.ts'
import { remembering } from '../../application/recent.ts'
import { type Listener, type News, Watchers } from '../../application/watching.ts'
import type { Owner } from '../../domain/owner.ts'
import { type Listening, listen, notify } from './notifications.ts'
import { latestNumbers } from './owner-scope.ts'
import type { Session } from './session.ts'

/** Who is told of commits, and how other processes hear of them. */
export interface Wakes {
  watch(owner: Owner, listener: Listener): () => void
  /**
   * Called after a commit of this owner's, never within it: a notification in the transaction takes a lock that all commits share.
   * @param news what it was, if it was one change
   */
  committed(owner: Owner, news?: () => News): void
  close(): Promise<void>
}

/** For a database that one process holds. */
export function localWakes(): Wakes {
  const watchers = new Watchers()
  return { watch: (owner, listener) => watchers.watch(owner, listener), committed: ({ id }, news) => watchers.wake(id, news), close: async () => {} }
}

/** @param config for a connection of its own, which is open while anybody watches */
export const serverWakes = (session: Session, config: ClientConfig, warn: (what: string) => void): Wakes =>
  sharedWakes({
    notify: (text) => notify(session, text),
    listen: (hear) => listen(config, hear, warn),
    latest: (owners) => latestNumbers(session, owners),
    warn,
  })

export interface SharedDatabase {
  /** Tells all processes. */
  notify(text: string): Promise<void>
  /** Hears what processes tell, this one too, until it is stopped; while the connection is away it hears nothing. */
  listen(hear: (text: string) => void): Listening
  /** The latest number of each of these owners; of one without a change none. */
  latest(owners: readonly Owner[]): Promise<ReadonlyMap<string, string>>
  readonly warn: (what: string) => void
}

/** Milliseconds: what is committed within the first goes out as one message; how often is looked whether one was lost, while anybody watches. */
const GATHERING = 50
const LOOKING = 1_000
/** Owners in one message; where there are more, it is meant for all. A payload is under 8,000 bytes. */
const NAMED = 300

/** Of as many owners as write at about the same time. */
const nameOf = remembering((ownerId) => hash('sha256', ownerId, 'base64url').slice(0, 16), 10_000)

/** For a database that many processes use. A message is a hint; the numbers that are looked at once a second are the truth. */
export function sharedWakes({ notify, listen, latest, warn }: SharedDatabase): Wakes {
  const watchers = new Watchers()
  const self = randomUUID()
  /** By what messages call them: the owners that are watched here. */
  const named = new Map<string, string>()
  /** The numbers that were seen in the last look. */
  let seen: ReadonlyMap<string, string> = new Map()
  let gathered = new Set<string>()
  let gathering: NodeJS.Timeout | undefined
  let watching: { readonly listening: Listening; readonly timer: NodeJS.Timeout } | undefined
  let looks = false

  async function send(): Promise<void> {
    clearTimeout(gathering)
    gathering = undefined
    const owners = [...gathered]
    gathered = new Set()
    if (owners.length === 0) return
    await notify([self, ...(owners.length > NAMED ? ['*'] : owners)].join(' ')).catch((fault: unknown) => passOver(fault, 'a notification'))
  }

  function hear(text: string): void {
    const [from, ...owners] = text.split(' ')
    if (from === self) return
    for (const name of owners[0] === '*' ? named.keys() : owners) watchers.wake(named.get(name) ?? '')
  }

  /** Wakes those whose number is not the one of the last look, or who were not in it. */
  async function look(): Promise<void> {
    if (looks) return
    looks = true
    try {
      const now = await latest(watchers.owners)
      const before = seen
      seen = now
      for (const [owner, seq] of now) if (before.get(owner) !== seq) watchers.wake(owner, () => ({ seq: Number(seq) }))
    } catch (fault) {
      passOver(fault, 'a look for changes')
    } finally {
      looks = false
    }
  }

  /** The next look makes up for it; while the database is away that goes without saying, as every request says it. */
  function passOver(fault: unknown, what: string): void {
    if (!(fault instanceof Unavailable)) warn(`${what} failed: ${fault instanceof Error ? fault.message : typeof fault}`)
  }

  function stopWatching(): void {
    clearInterval(watching?.timer)
    watching?.listening.stop()
    watching = undefined
    seen = new Map()
  }

  return {
    watch(owner, listener) {
      const unwatch = watchers.watch(owner, listener)
      named.set(nameOf(owner.id), owner.id)
      watching ??= { listening: listen(hear), timer: setInterval(() => void look(), LOOKING).unref() }
      return () => {
        unwatch()
        if (!watchers.has(owner)) named.delete(nameOf(owner.id))
        if (named.size === 0) stopWatching()
      }
    },
    committed(owner, news) {
      watchers.wake(owner.id, news)
      gathered.add(nameOf(owner.id))
      gathering ??= setTimeout(() => void send(), GATHERING).unref()
    },
    async close() {
      stopWatching()
      await send()
    },
  }
}

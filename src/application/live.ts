import { Handed } from './handed.ts'
import type { Ports } from './ports.ts'
import type { Principal } from './principal.ts'
import type { Json } from './printing.ts'
import { type ChangesPage, readChanges, type ShownChange, type Step, type TaskChange, type Walk, walkSince } from './sync.ts'

/** What is read at once for a stream: little, for it waits in memory for a slow reader. */
const LIMITS = { limit: 100, bytes: 64 * 1024 }

export type LiveEvent =
  /** Without a number while the first sync is under way, so that one that is cut begins again (LIVE-03). */
  | { readonly kind: 'change'; readonly seq: number | undefined; readonly json: Json<TaskChange> }
  /** The first sync is done: all that is there has been told, up to this number. */
  | { readonly kind: 'caught-up'; readonly seq: number }

/** One reader of the feed that goes on live. */
export interface Following {
  /**
   * What comes next, once there is something; undefined once it was stopped. Not called again before it has answered. What fails may be tried again.
   * @throws {Refused} sync-expired where the feed cannot go on any more; {Unavailable}
   */
  next(): Promise<readonly LiveEvent[] | undefined>
  stop(): void
}

/**
 * The feed from a number on, without end. It begins with a look, so that what is refused is refused before anything was told.
 * @throws {Refused} sync-expired, insufficient-permission
 */
export const followChanges = (ports: Pick<Ports, 'tasks'>) => {
  const read = sharing(readChanges(ports))

  return async (principal: Principal, since: number): Promise<Following> => {
    const bell = new Bell()
    const handed = new Handed()
    const unwatch = ports.tasks.of(principal.mayRead()).watch((news) => {
      if (handed.take(news)) bell.ring()
    })
    let stopped = false
    const stop = (): void => {
      stopped = true
      unwatch()
      bell.ring()
    }
    let isFollowed = false
    try {
      let step: Step | undefined = await read(principal, walkSince(since))
      let walk = walkSince(since)
      let isFirstSync = since === 0
      isFollowed = true

      async function look(): Promise<readonly LiveEvent[]> {
        if (step === undefined) handed.begin()
        const { page, walk: reached } = step ?? (await read(principal, walk))
        step = undefined
        const events = eventsOf(page, isFirstSync)
        walk = page.more ? reached : walkAt(page.seq)
        isFirstSync &&= page.more
        if (!page.more) handed.reached(page.seq)
        return events
      }

      return {
        stop,
        async next() {
          while (!stopped) {
            const given = handed.give()
            if (given !== undefined) walk = walkAt(handed.told)
            const events = given?.map(eventOf) ?? (await look())
            if (events.length > 0) return events
            if (given !== undefined) await bell.rung()
          }
          return undefined
        },
      }
    } finally {
      if (!isFollowed) stop()
    }
  }
}

const eventOf = ({ seq, json }: ShownChange): LiveEvent => ({ kind: 'change', seq, json })

function eventsOf({ changes, more, seq: reached }: ChangesPage, isFirstSync: boolean): readonly LiveEvent[] {
  const told = isFirstSync ? changes.map(({ json }) => ({ kind: 'change', seq: undefined, json }) as const) : changes.map(eventOf)
  return isFirstSync && !more ? [...told, { kind: 'caught-up', seq: reached }] : told
}

const walkAt = (seq: number): Walk => ({ since: seq, began: seq, after: seq })

/** Streams of one owner that are woken together and are at the same number get what one look gives. */
function sharing(read: ReturnType<typeof readChanges>) {
  const begun = new Map<string, Promise<Step>>()
  return (principal: Principal, walk: Walk): Promise<Step> => {
    const name = JSON.stringify([principal.mayRead().id, walk.since === 0, walk.began, walk.after])
    const step = begun.get(name) ?? read(principal, walk, LIMITS)
    if (!begun.has(name)) {
      begun.set(name, step)
      // Only with those of the same moment: a later one may know of a commit that this look does not see.
      queueMicrotask(() => begun.delete(name))
    }
    return step
  }
}

/** Rung while nobody waits, it is heard by whoever waits next. */
class Bell {
  #rings = false
  #heard: (() => void) | undefined

  ring(): void {
    this.#rings = true
    this.#heard?.()
  }

  async rung(): Promise<void> {
    if (!this.#rings) await new Promise<void>((resolve) => (this.#heard = resolve))
    this.#heard = undefined
    this.#rings = false
  }
}

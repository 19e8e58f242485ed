import { Unavailable } from '../../application/ports.ts'
import type { Owner } from '../../domain/owner.ts'
import { HURRIED } from './patience.ts'

interface Queue {
  running: number
  /** In the order of their coming. */
  readonly waiting: Set<() => void>
}

/** Runs an owner's work at once, or when its turn has come, and tells it how many milliseconds that took. @throws {Unavailable} where that took too long */
export type Share = <T>(owner: Owner, work: (waited: number) => Promise<T>, writes: boolean) => Promise<T>

/**
 * Whoever has much to do waits before it takes a connection, so that there are connections for others (STORE-15).
 * An owner's writes wait for each other at its row: one at a time they are as many a second, and leave the processors to others.
 * @param connections of the pool; one owner holds a third of them at most
 */
export function fairShare(connections: number): Share {
  const all = turns(Math.max(1, Math.floor(connections / 3)))
  const writing = turns(1)
  return (owner, work, writes) => {
    const begun = performance.now()
    const waited = (): number => performance.now() - begun
    const run = () => all(owner, () => work(waited()), waited)
    return writes ? writing(owner, run, waited) : run()
  }
}

/** @param most of one owner's that run at once */
function turns(most: number): <T>(owner: Owner, work: () => Promise<T>, waited: () => number) => Promise<T> {
  const queues = new Map<string, Queue>()

  return ({ id }, work, waited) => {
    const queue = queues.get(id) ?? { running: 0, waiting: new Set() }
    queues.set(id, queue)
    const leave = (): void => {
      const [next] = queue.waiting
      if (next !== undefined) next()
      else if (--queue.running === 0) queues.delete(id)
    }
    if (queue.running === most) return turnIn(queue, HURRIED.connecting - waited()).then(() => Promise.try(work).finally(leave))
    queue.running++
    return Promise.try(work).finally(leave)
  }
}

/** Resolves when one that ran hands its place over. @param patience milliseconds */
const turnIn = ({ waiting }: Queue, patience: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const begin = (): void => {
      clearTimeout(impatience)
      waiting.delete(begin)
      resolve()
    }
    const impatience = setTimeout(() => {
      waiting.delete(begin)
      reject(new Unavailable('database', { cause: new Error('too much of this owner’s work is under way') }))
    }, patience)
    waiting.add(begin)
  })

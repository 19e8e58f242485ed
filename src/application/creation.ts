import { create } from '../domain/editing.ts'
import { refuse } from '../domain/refusal.ts'
import type { Draft, TaskId } from '../domain/task.ts'
import { again, commit } from './changing.ts'
import { once } from './once.ts'
import type { Once, Outcome, Ports } from './ports.ts'
import type { Principal } from './principal.ts'
import { print } from './printing.ts'

/** A draft, with an id where the client made one: clients that work offline make their own (TASK-03). */
export interface NewTask {
  readonly id: TaskId | undefined
  readonly draft: Draft
}

/**
 * @param asked gives the new task, or throws what the caller holds back until the key has been looked at (HTTP-30)
 * @throws {Refused} already-exists, task-quota-exceeded, storage-quota-exceeded, and those of the idempotency key
 */
export const createTask =
  (ports: Ports) =>
  async (principal: Principal, asked: () => NewTask, key?: Once): Promise<Outcome> => {
    const owner = principal.mayWrite()
    const mine = ports.tasks.of(owner)
    const lookUp = async (key: Once) => (await mine.load(undefined, key, ports.clock.now())).kept

    /** Nearly every key is a new one, as the commit finds by itself: it is looked up only where that finds otherwise. */
    const make = async ({ id = ports.ids.next(), draft }: NewTask): Promise<Outcome> => {
      const now = ports.clock.now()
      const change = create(id, draft, now)
      const outcome = { kind: 'created', id, json: print(change.after) } as const
      const seq = await commit(mine, {
        change,
        decidedOn: undefined,
        actor: principal.actor,
        now,
        quota: ports.quota,
        keep: key && { once: key, outcome },
      })
      if (seq !== undefined) return { ...outcome, seq }
      if (key === undefined) return refuse({ kind: 'already-exists' })
      const kept = await lookUp(key)
      return kept === undefined ? make({ id, draft }) : again(kept, key)
    }

    /** The key comes before what is asked: where it is kept, that is never looked at (HTTP-30). */
    const unlessKept = async (refused: unknown): Promise<Outcome> => {
      const kept = key && (await lookUp(key))
      return kept === undefined ? Promise.reject(refused) : again(kept, key)
    }
    return once(ports.underWay, owner, key, () => Promise.try(asked).then(make, unlessKept))
  }

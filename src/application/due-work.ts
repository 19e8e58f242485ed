import type { Clock, DueWork, TaskStore } from './ports.ts'

/** Owners looked for at once, and of each kind of thing what one step takes: small, so that no request waits long for an owner's row. */
const OWNERS = 100
const STEP = 100

/** What the work for all owners needs: it comes without a token, so it has a narrow port of its own. */
export interface DueWorkPorts {
  readonly work: DueWork
  readonly tasks: TaskStore
  readonly clock: Clock
}

/** Does what is due now, in small steps, as each owner in turn (STORE-11). @returns how much it was */
export async function doDueWork({ work, tasks, clock }: DueWorkPorts): Promise<number> {
  const now = clock.now()
  let done = 0
  for (const owner of await work.due(now, OWNERS)) {
    const mine = tasks.of(owner)
    for (let step = await mine.forget(now, STEP); step > 0; step = await mine.forget(now, STEP)) done += step
  }
  return done
}

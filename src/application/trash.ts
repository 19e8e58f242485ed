import type { TaskId } from '../domain/task.ts'
import { discard } from '../domain/trash.ts'
import { change, type Terms } from './changing.ts'
import type { Outcome, Ports } from './ports.ts'
import type { Principal } from './principal.ts'

/** Into the trash: from now on the task is not found (TASK-22). */
export const discardTask =
  (ports: Ports) =>
  (principal: Principal, id: TaskId, terms: Terms = {}): Promise<Outcome> =>
    change(ports, principal, id, discard, terms, 'discarded')

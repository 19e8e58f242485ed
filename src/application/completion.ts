import { complete, reopen } from '../domain/completion.ts'
import type { TaskId } from '../domain/task.ts'
import { change, type Terms } from './changing.ts'
import type { Outcome, Ports } from './ports.ts'
import type { Principal } from './principal.ts'

export const completeTask =
  (ports: Ports) =>
  (principal: Principal, id: TaskId, terms: Terms = {}): Promise<Outcome> =>
    change(ports, principal, id, complete, terms)

export const reopenTask =
  (ports: Ports) =>
  (principal: Principal, id: TaskId, terms: Terms = {}): Promise<Outcome> =>
    change(ports, principal, id, reopen, terms)

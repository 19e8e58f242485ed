import { type Edit, edit } from '../domain/editing.ts'
import type { Draft, TaskId } from '../domain/task.ts'
import { change, type Terms } from './changing.ts'
import type { Outcome, Ports } from './ports.ts'
import type { Principal } from './principal.ts'

/** Sets what the edit names (TASK-13). @param asked gives the edit, or throws what the caller holds back until the task is found and as expected */
export const patchTask =
  (ports: Ports) =>
  (principal: Principal, id: TaskId, asked: () => Edit, terms: Terms = {}): Promise<Outcome> =>
    change(ports, principal, id, (task, now) => edit(task, asked(), now), terms)

/** Replaces every writable field; never creates (TASK-12). */
export const replaceTask =
  (ports: Ports) =>
  (principal: Principal, id: TaskId, asked: () => Draft, terms: Terms = {}): Promise<Outcome> =>
    change(ports, principal, id, (task, now) => edit(task, asked(), now), terms)

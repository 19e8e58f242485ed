import type { Query } from '../domain/query.ts'
import { refuse } from '../domain/refusal.ts'
import type { TaskId } from '../domain/task.ts'
import type { Ports, Shown, TaskPage } from './ports.ts'
import type { Principal } from './principal.ts'

/** @throws {Refused} not-found, insufficient-permission */
export const readTask =
  (ports: Ports) =>
  async (principal: Principal, id: TaskId): Promise<Shown> =>
    (await ports.tasks.of(principal.mayRead()).read(id)) ?? refuse({ kind: 'not-found' })

/** @throws {Refused} insufficient-permission */
export const browseTasks =
  (ports: Ports) =>
  (principal: Principal, query: Query): Promise<TaskPage> =>
    ports.tasks.of(principal.mayRead()).page(query)

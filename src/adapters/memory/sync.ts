import { type ChangesPage, type ChangesQuery, printChange, type TaskChange } from '../../application/sync.ts'
import { bytes } from '../../domain/weight.ts'
import type { Account } from './account.ts'

export function changes(account: Account, { after, limit, bytes: room, goneBy = account.seq }: ChangesQuery): ChangesPage {
  const { seq, forgotten } = account
  const found = [...tasks(account), ...purged(account)]
    .filter((change) => change.seq > after && (change.task !== null || change.seq > goneBy))
    .sort((a, b) => a.seq - b.seq)
  let size = 0
  const told = found
    .slice(0, limit)
    .map((change) => ({ seq: change.seq, json: printChange(change) }))
    .filter(({ json }, n) => {
      size += bytes(json) + 1
      return size <= room || n === 0
    })
  return { changes: told, more: told.length < found.length, seq, forgotten }
}

/** The entry of a task's latest number is the last that it has. */
const tasks = ({ tasks, journal }: Account): readonly TaskChange[] =>
  [...tasks].flatMap(([taskId, { task, seq }]) => {
    const entry = journal.get(taskId)?.at(-1)
    return entry === undefined ? [] : [{ seq, at: entry.at, kind: entry.kind, taskId, task: task.deletedAt === null ? task : null }]
  })

const purged = ({ tombstones }: Account): readonly TaskChange[] =>
  [...tombstones].map(([taskId, { seq, deletedAt }]) => ({ seq, at: deletedAt, kind: 'deleted', taskId, task: null }))

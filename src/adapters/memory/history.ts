import { type HistoryPage, type HistoryQuery, printEntry } from '../../application/history.ts'
import { asJson } from '../../application/printing.ts'
import { type WayBack, walkBack } from '../../domain/history.ts'
import type { TaskId } from '../../domain/task.ts'
import { bytes } from '../../domain/weight.ts'
import { type Account, type Entry, live, trashed } from './account.ts'

export function history(account: Account, id: TaskId, { limit, bytes: room, before = Number.POSITIVE_INFINITY }: HistoryQuery): HistoryPage | undefined {
  if (live(account, id) === undefined && trashed(account, id) === undefined) return undefined
  const found = newestFirst(account, id).filter(({ version }) => version < before)
  let size = 0
  const items = found
    .slice(0, limit)
    .map(printEntry)
    .filter((json, n) => {
      size += bytes(json) + 1
      return size <= room || n === 0
    })
  return { items: asJson(`[${items.join(',')}]`), next: items.length < found.length ? found[items.length - 1]?.version : undefined }
}

export const wayBack = (account: Account, id: TaskId, present: number, version: number): WayBack =>
  walkBack(newestFirst(account, id).filter((entry) => entry.version > version && entry.version <= present))

const newestFirst = ({ journal }: Account, id: TaskId): readonly Entry[] => (journal.get(id) ?? []).toReversed()

import { type HistoryPage, type HistoryQuery, type LoadedWayBack, printEntry } from '../../application/history.ts'
import type { Once } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import { walkBack } from '../../domain/history.ts'
import type { Instant } from '../../domain/instant.ts'
import type { TaskId } from '../../domain/task.ts'
import { bytes } from '../../domain/weight.ts'
import { type Account, type Entry, live, trashed } from './account.ts'
import { load } from './reading.ts'

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

export function loadWayBack(account: Account, id: TaskId, version: number, once: Once | undefined, now: Instant): LoadedWayBack {
  const loaded = load(account, id, once, now)
  return { ...loaded, way: walkBack(loaded.stored ? newestFirst(account, id).filter((entry) => entry.version > version) : []) }
}

const newestFirst = ({ journal }: Account, id: TaskId): readonly Entry[] => (journal.get(id) ?? []).toReversed()

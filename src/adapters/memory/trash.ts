import { asJson, printTrashed } from '../../application/printing.ts'
import type { Emptying, Purge, TrashPage, TrashQuery } from '../../application/trash.ts'
import { purgeAt } from '../../domain/trash.ts'
import { type Account, keptUnder, trashed } from './account.ts'
import { keepAnswer } from './committing.ts'
import { purge as erase } from './forgetting.ts'

export function trash(account: Account, { limit, from = Number.POSITIVE_INFINITY }: TrashQuery, trashDays: number): TrashPage {
  const found = [...account.tasks.keys()]
    .flatMap((id) => trashed(account, id) ?? [])
    .filter(({ seq }) => seq < from)
    .sort((a, b) => b.seq - a.seq)
  const items = found.slice(0, limit).flatMap(({ task }) => {
    const { deletedAt } = task
    return deletedAt === null ? [] : [printTrashed({ ...task, deletedAt, purgeAt: purgeAt(deletedAt, trashDays) })]
  })
  return { items: asJson(`[${items.join(',')}]`), next: found.length > limit ? found[limit - 1]?.seq : undefined }
}

export function purge(account: Account, { id, decidedOn, now, keep }: Purge): boolean {
  const stored = trashed(account, id)
  if (isKept(account, { now, keep }) || stored?.seq !== decidedOn) return false
  erase(account, stored, now)
  keepFor(account, decidedOn, { now, keep })
  return true
}

export function empty(account: Account, { now, keep }: Emptying): boolean {
  if (isKept(account, { now, keep })) return false
  account.emptied = account.seq
  keepFor(account, account.seq, { now, keep })
  return true
}

const isKept = (account: Account, { now, keep }: Emptying): boolean => keep !== undefined && keptUnder(account, keep.once, now) !== undefined

function keepFor(account: Account, seq: number, { now, keep }: Emptying): void {
  if (keep !== undefined) keepAnswer(account, keep.once, { fingerprint: keep.once.fingerprint, outcome: { ...keep.outcome, seq }, at: now })
}

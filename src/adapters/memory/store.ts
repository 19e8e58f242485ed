import type { DueWork, OwnedTasks, TaskStore } from '../../application/ports.ts'
import type { Instant } from '../../domain/instant.ts'
import type { Owner } from '../../domain/owner.ts'
import { Account } from './account.ts'

/** Everything in this process's memory: the specification one can run, and the only test double. */
export function createMemoryStore(trashDays = 30): TaskStore & DueWork {
  const accounts = new Map<string, { readonly owner: Owner; readonly account: Account }>()
  return {
    of(owner: Owner): OwnedTasks {
      const { account } = accounts.get(owner.id) ?? { account: new Account(trashDays) }
      accounts.set(owner.id, { owner, account })
      return account
    },
    async due(now: Instant, limit: number): Promise<readonly Owner[]> {
      const due = [...accounts.values()].filter(({ account }) => account.isDue(now))
      return due.slice(0, limit).map(({ owner }) => owner)
    },
  }
}

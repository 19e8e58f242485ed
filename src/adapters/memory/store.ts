import type { DueWork, OwnedTasks, TaskStore } from '../../application/ports.ts'
import type { Instant } from '../../domain/instant.ts'
import type { Owner } from '../../domain/owner.ts'
import { type Account, openAccount } from './account.ts'
import { commit } from './committing.ts'
import { forget, isDue } from './forgetting.ts'
import { load, page, read } from './reading.ts'

/** Everything in this process's memory: the specification one can run, and the only test double. No step waits for anything, so each is atomic. */
export function createMemoryStore(trashDays = 30): TaskStore & DueWork {
  const accounts = new Map<string, { readonly owner: Owner; readonly account: Account }>()
  return {
    of(owner: Owner): OwnedTasks {
      const { account } = accounts.get(owner.id) ?? { account: openAccount() }
      accounts.set(owner.id, { owner, account })
      return ownedTasks(account, trashDays)
    },
    async due(now: Instant, limit: number): Promise<readonly Owner[]> {
      const due = [...accounts.values()].filter(({ account }) => isDue(account, now, trashDays))
      return due.slice(0, limit).map(({ owner }) => owner)
    },
  }
}

const ownedTasks = (account: Account, trashDays: number): OwnedTasks => ({
  read: async (id) => read(account, id),
  page: async (query) => page(account, query),
  load: async (id, once, now) => load(account, id, once, now),
  commit: async (what) => commit(account, what),
  forget: async (now, limit) => forget(account, now, limit, trashDays),
})

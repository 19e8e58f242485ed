import type { DueWork } from '../../application/due-work.ts'
import type { OwnedTasks, TaskStore } from '../../application/ports.ts'
import { shownChange } from '../../application/sync.ts'
import { type News, type Watched, Watchers } from '../../application/watching.ts'
import type { Instant } from '../../domain/instant.ts'
import type { Owner } from '../../domain/owner.ts'
import { type Account, openAccount } from './account.ts'
import { commitAll, loadAll } from './batch.ts'
import { commit } from './committing.ts'
import { claim, forget, isDue } from './forgetting.ts'
import { history, loadWayBack } from './history.ts'
import { load, loadTrashed, page, read } from './reading.ts'
import { summary } from './summary.ts'
import { changes } from './sync.ts'
import { empty, purge, trash } from './trash.ts'

/** Everything in this process's memory: the specification one can run, and the only test double. No step waits for anything, so each is atomic. */
export function createMemoryStore(trashDays = 30): TaskStore & DueWork {
  const watchers = new Watchers()
  const accounts = new Map<string, { readonly owner: Owner; readonly account: Account }>()
  return {
    of(owner: Owner): OwnedTasks {
      const { account } = accounts.get(owner.id) ?? { account: openAccount() }
      accounts.set(owner.id, { owner, account })
      return ownedTasks(account, trashDays, {
        watch: (listener) => watchers.watch(owner, listener),
        wake: (news) => watchers.wake(owner.id, news),
      })
    },
    async due(now: Instant, limit: number): Promise<readonly Owner[]> {
      const due = [...accounts.values()].filter(({ account }) => isDue(account, now, trashDays))
      return due.slice(0, limit).map(({ owner }) => owner)
    },
    async claim(owner: Owner, now: Instant, until: Instant): Promise<boolean> {
      const account = accounts.get(owner.id)?.account
      return account !== undefined && claim(account, now, until, trashDays)
    },
  }
}

const ownedTasks = (account: Account, trashDays: number, { watch, wake }: Watched & { wake(news?: () => News): void }): OwnedTasks => ({
  read: async (id) => read(account, id),
  changes: async (query) => changes(account, query),
  watch,
  page: async (query) => page(account, query),
  history: async (id, query) => history(account, id, query),
  loadWayBack: async (id, version, once, now) => loadWayBack(account, id, version, once, now),
  summary: async (bounds) => summary(account, bounds),
  load: async (id, once, now) => load(account, id, once, now),
  async commit(what) {
    const { change } = what
    const verdict = commit(account, what)
    if (verdict.kind === 'committed' && change !== undefined) wake(() => shownChange(change, verdict.seq))
    return verdict
  },
  loadAll: async (ids, once, now) => loadAll(account, ids, once, now),
  async commitAll(batch, rehearsal) {
    const verdict = commitAll(account, batch, rehearsal)
    if (verdict.kind === 'committed' && !rehearsal) wake()
    return verdict
  },
  forget: async (now, limit) => forget(account, now, limit, trashDays),
  trash: async (query) => trash(account, query, trashDays),
  loadTrashed: async (id, once, now) => loadTrashed(account, id, once, now),
  purge: async (what) => purge(account, what),
  empty: async (what) => empty(account, what),
})

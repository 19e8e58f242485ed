import type { TaskPage } from '../../application/ports.ts'
import { Recent } from '../../application/recent.ts'
import type { Owner } from '../../domain/owner.ts'
import type { Query } from '../../domain/query.ts'

/** What one owner was told, all of it when the owner's row was as the stamp says. */
interface Told {
  readonly stamp: string
  readonly pages: ReadonlyMap<string, TaskPage>
}

/** Characters, of all owners in this process, and of one page; and pages of one owner. */
const MOST = 8_000_000
const PAGE = 100_000
const PAGES = 50

/** What stands around a page's items. */
const AROUND = 500

const weightOf = ({ pages }: Told): number => pages.values().reduce((all, { items }) => all + items.length + AROUND, 0)

/** One owner's pages. */
export interface ToldPages {
  /** What the query was answered with when the owner's row was as the stamp says. */
  find(query: Query): { readonly stamp: string; readonly page: TaskPage } | undefined
  keep(query: Query, stamp: string, page: TaskPage): void
}

/** What owners were told, so that it is told again where the database says that nothing of it has changed (STORE-18). */
export function toldPages(): (owner: Owner) => ToldPages {
  const told = new Recent<Told>(MOST, weightOf)
  return ({ id }) => ({
    find(query) {
      const mine = told.get(id)
      const page = mine?.pages.get(nameOf(query))
      return mine && page && { stamp: mine.stamp, page }
    },
    keep(query, stamp, page) {
      if (page.items.length > PAGE) return
      const mine = told.get(id)
      const before = mine?.stamp === stamp ? [...mine.pages].slice(1 - PAGES) : []
      told.set(id, { stamp, pages: new Map([...before, [nameOf(query), page]]) })
    },
  })
}

const nameOf = (query: Query): string => JSON.stringify(query)

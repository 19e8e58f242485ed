import type { TaskPage } from '../../application/ports.ts'
import { asJson } from '../../application/printing.ts'
import { Recent } from '../../application/recent.ts'
import type { Owner } from '../../domain/owner.ts'
import type { Query } from '../../domain/query.ts'
import { type Place, TextRing } from './text-ring.ts'

/** What one owner was told, all of it when the owner's row was as the stamp says. */
interface Told {
  readonly stamp: string
  readonly pages: ReadonlyMap<string, Page>
}

/** A page whose items stand elsewhere. */
interface Page extends Omit<TaskPage, 'items'> {
  readonly place: Place
}

/** Bytes, of all owners in this process; characters of one page; pages of one owner, and of all. */
const BYTES = 20 * 1_048_576
const PAGE = 100_000
const PAGES = 50
const ALL = 5_000

/** One owner's pages. */
export interface ToldPages {
  /** What the query was answered with when the owner's row was as the stamp says; the page is undefined where it has made room for others meanwhile. */
  find(query: Query): { readonly stamp: string; page(): TaskPage | undefined } | undefined
  keep(query: Query, stamp: string, page: TaskPage): void
}

/** What owners were told, so that it is told again where the database says that nothing of it has changed (STORE-18). */
export function toldPages(): (owner: Owner) => ToldPages {
  const told = new Recent<Told>(ALL, ({ pages }) => pages.size)
  const texts = new TextRing(BYTES)
  const read = ({ place, ...rest }: Page): TaskPage | undefined => {
    const items = texts.get(place)
    return items === undefined ? undefined : { ...rest, items: asJson(items) }
  }
  return ({ id }) => ({
    find(query) {
      const mine = told.get(id)
      const page = mine?.pages.get(nameOf(query))
      return mine && page && texts.has(page.place) ? { stamp: mine.stamp, page: () => read(page) } : undefined
    },
    keep(query, stamp, { items, ...rest }) {
      if (items.length > PAGE) return
      const name = nameOf(query)
      const mine = told.get(id)
      const before = mine?.stamp === stamp ? [...mine.pages].filter(([other]) => other !== name).slice(1 - PAGES) : []
      told.set(id, { stamp, pages: new Map([...before, [name, { ...rest, place: texts.put(items) }]]) })
    },
  })
}

const nameOf = (query: Query): string => JSON.stringify(query)

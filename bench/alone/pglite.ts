/**
 * PGlite alone: fills a directory (`fill DIRECTORY TASKS`), or runs the statement of a page on it for so long (`page DIRECTORY SECONDS`), prepared and
 * without a server around it, then as PGlite's own `query` does. Prints JSON.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { embeddedOver, openCluster } from '../../src/adapters/postgres/embedded.ts'
import { pageStatement } from '../../src/adapters/postgres/page.ts'
import { Owner } from '../../src/domain/owner.ts'
import { fillings, ownerAt } from '../fill.ts'

const [what, directory = '', figure] = process.argv.slice(2)
mkdirSync(directory, { recursive: true })
const cluster = await openCluster(join(directory, 'database'))
const { pglite } = cluster
if (what === 'fill') {
  await embeddedOver(cluster).migrate()
  await pglite.exec('reset role')
  for (const [, sql] of fillings(Number(figure))) await pglite.exec(sql)
} else {
  const filter = { statuses: [], priorities: [], tags: [], dueAfter: undefined, dueBefore: undefined, words: [] }
  const statement = pageStatement({ filter, sort: { field: 'createdAt', descending: true }, limit: 20, from: undefined })
  const nameAt = (n: number): string => ownerAt(n % 50)
  const prepared = await rateOf((n) => statement.run(cluster.session, Owner.of(nameAt(n)), { known: null }))
  const query = await rateOf((n) => pglite.query(statement.text, [nameAt(n), null]))
  process.stdout.write(`${JSON.stringify({ prepared, query })}\n`)
}
await pglite.close()
process.exit()

/** Pages a second, one after the other, as PGlite has one connection. */
async function rateOf(page: (n: number) => Promise<unknown>): Promise<number> {
  for (let n = 0; n < 300; n++) await page(n)
  let pages = 0
  const begun = performance.now()
  while (performance.now() - begun < Number(figure) * 1_000) {
    await page(pages)
    pages++
  }
  return (pages * 1_000) / (performance.now() - begun)
}

import { batchingContract } from './batching.ts'
import { historyContract } from './history.ts'
import { listingContract } from './listing.ts'
import type { OpenStore } from './opened-store.ts'
import { purgingContract } from './purging.ts'
import { racingContract } from './racing.ts'
import { summaryContract } from './summary.ts'
import { syncingContract } from './syncing.ts'
import { trashContract } from './trash.ts'
import { walkingContract } from './walking.ts'
import { writingContract } from './writing.ts'

/**
 * What every store promises, as mocha tests: run it on a store of your own, and where it is green the use cases are yours.
 * @param open gives an empty store each time it is called
 */
export function storeContract(name: string, open: OpenStore): void {
  writingContract(name, open)
  racingContract(name, open)
  listingContract(name, open)
  purgingContract(name, open)
  walkingContract(name, open)
  batchingContract(name, open)
  historyContract(name, open)
  summaryContract(name, open)
  syncingContract(name, open)
  trashContract(name, open)
}

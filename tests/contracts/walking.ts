import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createTask } from '../../src/application/creation.ts'
import { patchTask } from '../../src/application/editing.ts'
import type { Ports } from '../../src/application/ports.ts'
import { discardTask } from '../../src/application/trash.ts'
import { SORT_FIELDS } from '../../src/domain/query.ts'
import type { TaskId } from '../../src/domain/task.ts'
import { draftOf, portsOver, principalOf, queryOf } from '../builders.ts'
import { walk } from './listing.ts'
import { figure, type OpenStore, openedAround } from './opened-store.ts'

const WRITERS = 8
const STEADY = 60

/** What every store promises of a walk from page to page while others write. */
export function walkingContract(name: string, open: OpenStore): void {
  describe(`${name}: walking`, function () {
    this.timeout(300_000)
    const opened = openedAround(open)

    it('LIST-11 each task that is there throughout with its sort key is seen exactly once, in every sort, while eight writers add, change and delete', async () => {
      const ports = portsOver(opened.store, { tasks: 1_000_000, bytes: 1_000_000_000 })
      const owner = principalOf(`${name} walking`)
      const steady: string[] = []
      for (let n = 0; n < STEADY; n++) {
        const { id } = await createTask(ports)(owner, () => ({ id: undefined, draft: draftOf({ title: `steady ${n % 7}` }) }))
        steady.push(id)
      }
      const writers = Array.from({ length: WRITERS }, (_, seed) => writer(ports, `${name} walking`, seed))
      let writing: Promise<unknown> = Promise.resolve()
      // Each writer takes a turn while the next page is read: at most 16 tasks move to the end of the list, fewer than a page.
      const between = async () => {
        await writing
        writing = Promise.all(writers.map((turn) => turn()))
      }
      for (let round = 0; round < figure(20); round++) {
        for (const field of SORT_FIELDS) {
          for (const descending of [false, true]) {
            const seen = await walk(opened.store.of(owner.mayRead()), { ...queryOf(), sort: { field, descending }, limit: 23 }, between)
            const counts = Map.groupBy(seen, (id) => id)
            for (const id of steady) expect(counts.get(id) ?? [], `${id} by ${field}`).to.have.length(1)
          }
        }
      }
      await writing
    })
  })
}

/** Adds, changes and deletes a task of its own with each turn, and holds no more than ten. */
function writer(ports: Ports, subject: string, seed: number): () => Promise<void> {
  const owner = principalOf(subject)
  const mine: TaskId[] = []
  let turn = seed
  return async () => {
    const title = `moving ${turn++ % 11}`
    const { id } = await createTask(ports)(owner, () => ({ id: undefined, draft: draftOf({ title }) }))
    mine.push(id)
    await patchTask(ports)(owner, id, () => ({ title: `${title} again`, priority: 'high' }))
    const oldest = mine.length > 10 ? mine.shift() : undefined
    if (oldest !== undefined) await discardTask(ports)(owner, oldest)
  }
}

import { after, before } from 'mocha'
import type { DueWork } from '../../src/application/due-work.ts'
import type { TaskStore } from '../../src/application/ports.ts'

/** A store with nothing in it, for one suite; what the contract asks of whoever brings one. */
export interface OpenedStore {
  readonly store: TaskStore
  readonly work: DueWork
  close(): Promise<void>
}

export type OpenStore = () => Promise<OpenedStore>

/** The full figures with `npm run test:long`, else about a tenth of them. */
export const figure = (full: number, short = Math.ceil(full / 10)): number => (process.env['TASKWARD_LONG'] === '1' ? full : short)

/** A store of the suite that this is called in: opened before its tests, closed after them. */
export function openedAround(open: OpenStore): Pick<OpenedStore, 'store' | 'work'> {
  let opened: OpenedStore
  before(async () => {
    opened = await open()
  })
  after(() => opened.close())
  return {
    get store() {
      return opened.store
    },
    get work() {
      return opened.work
    },
  }
}

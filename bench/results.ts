import type { embedded, memory, starts, tokenCheck, workers } from './alone.ts'
import type { crowds, depths, lists, owners, sizes } from './growth.ts'
import type { sideBySide } from './side-by-side.ts'
import type { farPools, paced, pools } from './tails.ts'

type Of<T extends (...given: never) => Promise<unknown>> = Awaited<ReturnType<T>>

/** All that one run measured. */
export interface Results {
  readonly sideBySide: Of<typeof sideBySide>
  readonly pools: Of<typeof pools>
  readonly farPools: Of<typeof farPools>
  readonly paced: Of<typeof paced>
  readonly depths: Of<typeof depths>
  readonly owners: Of<typeof owners>
  readonly lists: Of<typeof lists>
  readonly crowds: Of<typeof crowds>
  readonly memory: Of<typeof memory>
  readonly token: Of<typeof tokenCheck>
  readonly starts: Of<typeof starts>
  readonly embedded: Of<typeof embedded>
  readonly workers: Of<typeof workers>
  readonly sizes: Of<typeof sizes>
}

import type { Tell } from '../application/observation.ts'

/** Milliseconds between two rounds. Nothing that falls due is in a hurry; the first comes once the server has settled. */
const PAUSE = 60_000

export interface Rounds {
  /** Waits for the round under way. */
  stop(): Promise<void>
}

interface Round {
  /** @returns how much it was */
  doDueWork(isStopped: () => boolean): Promise<number>
  /** At the end of each (STORE-21). */
  readonly vacuum?: (() => Promise<void>) | undefined
}

/** Does what falls due for all owners, round after round, never two at a time. A round that fails is told, and the next one tries again. */
export function keepRounds({ doDueWork, vacuum }: Round, tell: Tell, pause = PAUSE): Rounds {
  let stopped = false
  let round = Promise.resolve()
  let timer = setTimeout(begin, pause).unref()

  function begin(): void {
    round = once().then(() => {
      if (!stopped) timer = setTimeout(begin, pause).unref()
    })
  }

  /** As long as there is more, for one step looks at so many owners only. */
  async function once(): Promise<void> {
    try {
      for (let count = 1; count > 0 && !stopped; ) {
        count = await doDueWork(() => stopped)
        if (count > 0) tell({ kind: 'due-work-done', count })
      }
      if (!stopped) await vacuum?.()
    } catch (cause) {
      tell({ kind: 'failed', requestId: undefined, cause })
    }
  }

  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await round
    },
  }
}

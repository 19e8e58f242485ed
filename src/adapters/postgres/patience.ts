import type { TransactionTerms } from './session.ts'

/**
 * Milliseconds. A statement that a request waits for is given up within 2 s (OPS-01): so long it waits for a connection, so long the server
 * runs it, so long its answer may take. Where the server lives it gives up first, so that no connection goes on running what nobody waits for.
 */
export const HURRIED = { connecting: 800, running: 750, answering: 950 } as const

/** The same for what no request waits for: starting, purging, forgetting. */
export const UNHURRIED = { connecting: 2_000, running: 10_000, answering: 12_000 } as const

/** The same for a step of a backup or a restoration, of which there are as many as it takes. */
const COPYING = { connecting: 10_000, running: 120_000, answering: 130_000 } as const
const MONTH = 30 * 86_400_000

/** How long several statements may hold their locks: as many as a batch has, over however long a way. */
const TRANSACTION = 10_000

interface Patience {
  readonly connecting: number
  readonly running: number
  readonly answering: number
  /** For all of a transaction, tries again included. */
  readonly whole: number
}

export function patienceOf({ isUnhurried, isCopying }: TransactionTerms): Patience {
  if (isCopying) return { ...COPYING, whole: MONTH }
  return isUnhurried ? { ...UNHURRIED, whole: UNHURRIED.connecting + UNHURRIED.answering } : { ...HURRIED, whole: TRANSACTION }
}

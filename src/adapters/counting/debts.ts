import { RateLimiterMemory } from 'rate-limiter-flexible'

/** What owners have used beyond a minute's limit, which the minutes that follow pay off (BATCH-11). */
export interface Debts {
  /** What is still owed when a new minute begins; from then on that minute has it. */
  settle(owner: string): Promise<number>
  /** @param untilNext milliseconds to the end of the minute that it was used in */
  owe(owner: string, requests: number, untilNext: number): Promise<void>
}

/** @param limit requests a minute @param minute in seconds */
export function createDebts(limit: number, minute: number): Debts {
  // What is remembered of an owner ends by itself at the moment when the debt is paid.
  const debts = new RateLimiterMemory({ points: limit, duration: minute })
  const milliseconds = (minute * 1000) / limit
  return {
    async settle(owner) {
      const debt = await debts.get(owner)
      if (debt === null) return 0
      const owed = Math.max(0, Math.ceil(debt.msBeforeNext / milliseconds))
      // A minute pays off no more than its limit.
      if (owed < limit) await debts.delete(owner)
      return owed
    },
    async owe(owner, requests, untilNext) {
      const owed = await debts.get(owner)
      const from = Math.max(untilNext, owed?.msBeforeNext ?? 0)
      await debts.set(owner, requests, (from + requests * milliseconds) / 1000)
    },
  }
}

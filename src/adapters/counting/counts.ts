import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { type Counts, type Left, STREAMS_OF_ONE } from '../../application/counting.ts'
import { createDebts } from './debts.ts'
import { StreamPlaces } from './stream-places.ts'

/** Seconds. */
const WINDOW = 60

/** Counts in this process. @param rateLimit requests a minute, of which nobody asks where it is 0 (RATE-03) */
export function createCounts(rateLimit: number): Counts {
  const owners = new RateLimiterMemory({ points: rateLimit, duration: WINDOW })
  const strangers = new RateLimiterMemory({ points: rateLimit, duration: WINDOW })
  const debts = createDebts(rateLimit, WINDOW)
  const streams = new StreamPlaces(STREAMS_OF_ONE)
  return {
    async refused(address) {
      const used = await strangers.get(address)
      return used !== null && used.remainingPoints <= 0 ? leftOf(used, false) : undefined
    },
    async countStranger(address) {
      const used = await strangers.consume(address).catch(orThrow)
      return leftOf(used, used.consumedPoints <= rateLimit)
    },
    async countOwner(owner) {
      const counted = await owners.consume(owner).catch(orThrow)
      const owed = counted.isFirstInDuration ? await debts.settle(owner) : 0
      const used = owed === 0 ? counted : await owners.penalty(owner, owed)
      return leftOf(used, used.consumedPoints <= rateLimit)
    },
    async takeOff(owner, requests) {
      const before = await owners.get(owner)
      const used = await owners.penalty(owner, requests)
      // What was refused meanwhile is not owed.
      const beyond = Math.min(before?.consumedPoints ?? 0, rateLimit) + requests - rateLimit
      if (beyond > 0) await debts.owe(owner, beyond, used.msBeforeNext)
      return leftOf(used, used.consumedPoints <= rateLimit)
    },
    takeStream: async (owner) => streams.take(owner),
    giveStreamBack: (owner) => streams.giveBack(owner),
  }
}

/** A limiter rejects with what is left, which is no error. */
function orThrow(thrown: unknown): RateLimiterRes {
  if (thrown instanceof RateLimiterRes) return thrown
  throw thrown
}

const leftOf = ({ remainingPoints, msBeforeNext }: RateLimiterRes, isWithin: boolean): Left => ({
  isWithin,
  requests: remainingPoints,
  untilNext: msBeforeNext,
})

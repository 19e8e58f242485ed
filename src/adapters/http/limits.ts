import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { addressOf } from './address.ts'
import type { Context } from './context.ts'
import { createDebts, type Debts } from './debts.ts'
import { fault } from './problem.ts'

/** How many requests a minute an owner may make, and an address that shows no good token (RATE-01, RATE-02). Each method throws {Fault} quota-exceeded. */
export interface Limits {
  /** Refuses an address that has used up what it has, before its token is looked at. */
  admit(ctx: Context): Promise<void>
  /** Counts a request without a good token. */
  countStranger(ctx: Context): Promise<void>
  countOwner(ctx: Context, owner: string): Promise<void>
  /** Takes off what a batch did beyond the request that was counted; refuses nothing, what is too much is owed (BATCH-11). */
  takeOff(ctx: Context, owner: string, requests: number): Promise<void>
}

/** Seconds. */
const WINDOW = 60

/** @param rateLimit requests a minute; 0: nothing is counted, and no header tells of it (RATE-03) */
export function createLimits(rateLimit: number, trustedProxies: number): Limits {
  if (rateLimit === 0) return { admit: unlimited, countStranger: unlimited, countOwner: unlimited, takeOff: unlimited }
  const owners = new RateLimiterMemory({ points: rateLimit, duration: WINDOW })
  const strangers = new RateLimiterMemory({ points: rateLimit, duration: WINDOW })
  const debts = createDebts(rateLimit, WINDOW)
  const policy = `"minute";q=${rateLimit};w=${WINDOW}`
  return {
    async admit(ctx) {
      const used = await strangers.get(addressOf(ctx.req, trustedProxies))
      if (used !== null && used.remainingPoints <= 0) refuse(ctx, policy, used)
    },
    countStranger: (ctx) => count(strangers, addressOf(ctx.req, trustedProxies), ctx, policy),
    countOwner: (ctx, owner) => count(owners, owner, ctx, policy, debts),
    async takeOff(ctx, owner, requests) {
      const before = await owners.get(owner)
      const left = await owners.penalty(owner, requests)
      tellLeft(ctx, policy, left)
      // What was refused meanwhile is not owed.
      const beyond = Math.min(before?.consumedPoints ?? 0, rateLimit) + requests - rateLimit
      if (beyond > 0) await debts.owe(owner, beyond, left.msBeforeNext)
    },
  }
}

const unlimited = async (): Promise<void> => {}

async function count(limiter: RateLimiterMemory, name: string, ctx: Context, policy: string, debts?: Debts): Promise<void> {
  const counted = await limiter.consume(name).catch(orThrow)
  const owed = counted.isFirstInDuration && debts !== undefined ? await debts.settle(name) : 0
  const left = owed === 0 ? counted : await limiter.penalty(name, owed)
  if (left.consumedPoints > limiter.points) refuse(ctx, policy, left)
  tellLeft(ctx, policy, left)
}

/** A limiter rejects with what is left, which is no error. */
function orThrow(thrown: unknown): RateLimiterRes {
  if (thrown instanceof RateLimiterRes) return thrown
  throw thrown
}

const seconds = (left: RateLimiterRes): number => Math.max(1, Math.ceil(left.msBeforeNext / 1000))

/** draft-ietf-httpapi-ratelimit-headers: the policy's name, its quota and window; what is left of it, and for how long. */
function tellLeft(ctx: Context, policy: string, left: RateLimiterRes): void {
  ctx.set('RateLimit-Policy', policy)
  ctx.set('RateLimit', `"minute";r=${left.remainingPoints};t=${seconds(left)}`)
}

function refuse(ctx: Context, policy: string, left: RateLimiterRes): never {
  tellLeft(ctx, policy, left)
  return fault('quota-exceeded', { headers: { 'Retry-After': String(seconds(left)) } })
}

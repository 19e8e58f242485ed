import type { Counts, Left } from '../../application/counting.ts'
import { addressOf } from './address.ts'
import type { Context } from './context.ts'
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

/** @param rateLimit requests a minute; 0: nothing is counted, and no header tells of it (RATE-03) */
export function createLimits(counts: Counts, rateLimit: number, trustedProxies: number): Limits {
  if (rateLimit === 0) return { admit: unlimited, countStranger: unlimited, countOwner: unlimited, takeOff: unlimited }
  const policy = `"minute";q=${rateLimit};w=60`
  const addressIn = (ctx: Context): string => addressOf(ctx.req, trustedProxies)
  return {
    async admit(ctx) {
      const left = await counts.refused(addressIn(ctx))
      if (left !== undefined) refuse(ctx, policy, left)
    },
    countStranger: async (ctx) => conclude(ctx, policy, await counts.countStranger(addressIn(ctx))),
    countOwner: async (ctx, owner) => conclude(ctx, policy, await counts.countOwner(owner, addressIn(ctx))),
    takeOff: async (ctx, owner, requests) => tellLeft(ctx, policy, await counts.takeOff(owner, requests)),
  }
}

const unlimited = async (): Promise<void> => {}

const conclude = (ctx: Context, policy: string, left: Left): void => (left.isWithin ? tellLeft(ctx, policy, left) : refuse(ctx, policy, left))

const seconds = ({ untilNext }: Left): number => Math.max(1, Math.ceil(untilNext / 1000))

/** draft-ietf-httpapi-ratelimit-headers: the policy's name, its quota and window; what is left of it, and for how long. */
function tellLeft(ctx: Context, policy: string, left: Left): void {
  ctx.set('RateLimit-Policy', policy)
  ctx.set('RateLimit', `"minute";r=${left.requests};t=${seconds(left)}`)
}

function refuse(ctx: Context, policy: string, left: Left): never {
  tellLeft(ctx, policy, left)
  return fault('quota-exceeded', { headers: { 'Retry-After': String(seconds(left)) } })
}

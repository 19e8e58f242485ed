import type { Tell } from '../../application/observation.ts'
import { Unavailable } from '../../application/ports.ts'
import type { Checked } from '../../domain/checked.ts'
import { readKeySet } from './jwks.ts'
import type { Keys, VerificationKey } from './keys.ts'

export interface KeySetOptions {
  /** Gets the text of the set; never rejects. */
  readonly download: () => Promise<Checked<string>>
  /** Milliseconds that only ever grow: a wall clock set back would stop the fetching. */
  readonly now: () => number
  readonly tell: Tell
}

/** All in milliseconds, from the beginning of the fetch: what an issuer withdraws meanwhile is in its answer or not. */
export const PAUSE = 5_000
const RENEW_AFTER = 4 * 60_000
const WAIT_AFTER = 5 * 60_000
const SERVES_FOR = 24 * 3_600_000
/** So long after a failure the issuer counts as down, and nobody waits for the next try: two pauses, so that a busy server never does. */
const DOWN_FOR = 2 * PAUSE

/**
 * The keys that an issuer publishes (KEYS-03 to KEYS-06). Nothing runs while nobody asks: a set over 4 minutes old is fetched again behind the request
 * that finds it so, and one over 5 minutes before it is used, so that a withdrawn key is gone by then.
 */
export function createKeySet({ download, now, tell }: KeySetOptions): Keys {
  let held: { readonly keys: ReadonlyMap<string, VerificationKey>; readonly at: number } | undefined
  let begunAt = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY
  let underWay: Promise<void> | undefined

  function current(kid: string | undefined): VerificationKey | undefined {
    const age = ageOfHeld()
    if (age >= SERVES_FOR) return undefined
    if (age >= RENEW_AFTER) void renew()
    if (age >= WAIT_AFTER && now() - failedAt > DOWN_FOR) return undefined
    return keyOf(kid)
  }

  async function find(kid: string | undefined): Promise<VerificationKey | undefined> {
    const key = current(kid)
    if (key !== undefined || kid === undefined) return key
    await renew()
    if (ageOfHeld() >= SERVES_FOR) throw new Unavailable('issuer', { retryAfter: PAUSE / 1_000 })
    return keyOf(kid)
  }

  const ageOfHeld = (): number => (held === undefined ? Number.POSITIVE_INFINITY : now() - held.at)
  const keyOf = (kid: string | undefined): VerificationKey | undefined => (kid === undefined ? undefined : held?.keys.get(kid))

  /** One fetch at a time, not more than one in 5 s: within them the last outcome stands. Never rejects. */
  async function renew(): Promise<void> {
    if (underWay === undefined && now() - begunAt > PAUSE) {
      underWay = fetchKeys().finally(() => {
        underWay = undefined
      })
    }
    await underWay
  }

  async function fetchKeys(): Promise<void> {
    begunAt = now()
    const text = await download()
    const read = text.ok ? readKeySet(text.value) : text
    if (read.ok) {
      held = { keys: keepSame(held?.keys, read.value), at: begunAt }
      failedAt = Number.NEGATIVE_INFINITY
      tell({ kind: 'key-set-fetched', keys: read.value.size })
    } else {
      failedAt = now()
      tell({ kind: 'key-set-failed', reason: read.flaw })
    }
  }

  return { current, find }
}

/** A key that stayed as it was stays the same object, which is how a checked token knows that its key is still good. */
function keepSame(before: ReadonlyMap<string, VerificationKey> | undefined, after: ReadonlyMap<string, VerificationKey>): ReadonlyMap<string, VerificationKey> {
  return new Map([...after].map(([kid, key]) => [kid, sameAs(before?.get(kid), key)]))
}

const sameAs = (old: VerificationKey | undefined, key: VerificationKey): VerificationKey =>
  old?.key.equals(key.key) === true && old.algorithms.join() === key.algorithms.join() ? old : key

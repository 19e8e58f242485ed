import type { Instant } from '../../domain/instant.ts'
import { type OwnerScope, OwnerStatement } from './owner-scope.ts'
import { onlyRow } from './session.ts'

/** The owner's row is the lock; behind it the moment of its work is looked at as it is now. */
const CLAIM = OwnerStatement.of(
  'claim',
  'select exists (select from claimed)::text',
  [
    `held as (select o.owner_id from owners o where o.owner_id = $owner for no key update)`,
    `claimed as (update due_work d set due_at = $until::timestamptz from held where d.owner_id = $owner and d.due_at <= $now::timestamptz returning d.due_at)`,
    `noted as (update owners o set due_at = claimed.due_at from claimed where o.owner_id = $owner)`,
  ],
  true,
)

/** Takes an owner's due work, as that owner: no policy lets anybody write for all (TRASH-12). @returns whether it was still to be had */
export async function claim(mine: OwnerScope, now: Instant, until: Instant): Promise<boolean> {
  const [isClaimed] = onlyRow(await mine(CLAIM, { now, until }))
  return isClaimed === 'true'
}

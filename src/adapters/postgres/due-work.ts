import type { DueWork } from '../../application/due-work.ts'
import { Owner } from '../../domain/owner.ts'
import { claim } from './claim.ts'
import { ownerScope } from './owner-scope.ts'
import { type Session, statement } from './session.ts'

/** The one statement that looks across owners: it sees whose work is due, and nothing of theirs (STORE-10). */
const DUE = statement('due', 'select d.owner_id from due_work d where d.due_at <= $now::timestamptz order by d.due_at limit $limit::int', true)

export const dueWork = (session: Session): DueWork => ({
  async due(now, limit) {
    const rows = await session.run(DUE, { now, limit })
    return rows.flatMap(([id]) => (id == null ? [] : [Owner.of(id)]))
  },

  claim: (owner, now, until) => claim(ownerScope(session, owner), now, until),
})

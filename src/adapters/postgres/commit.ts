import { type Commit, Unavailable, type Verdict } from '../../application/ports.ts'
import { commitStatement, type Shape } from './commit-statement.ts'
import { shapeOf, valuesOf } from './commit-values.ts'
import { isMet } from './faults.ts'
import type { OwnerScope, OwnerStatement } from './owner-scope.ts'
import { onlyRow, type Row } from './session.ts'
import { isStraight, straightStatement } from './straight-statement.ts'

/** How often a commit may meet writes that its statement did not see; each time one of them got on. */
const TRIES = 1000

/** All of it in one statement, or nothing. */
export async function commit(mine: OwnerScope, what: Commit, trashDays: number): Promise<Verdict> {
  const straight = await unlessMet(commitStraight(mine, what, trashDays))
  if (straight !== undefined) return straight
  for (let tries = 0; tries < TRIES; tries++) {
    const verdict = await unlessMet(attempt(mine, what, trashDays))
    if (verdict !== undefined) return verdict
  }
  throw new Unavailable('database', { cause: new Error('the owner is being written by too many at once') })
}

/** @returns undefined where something stands in the way, or may */
async function commitStraight(mine: OwnerScope, what: Commit, trashDays: number): Promise<Verdict | undefined> {
  const shape = shapeOf(what)
  if (!isStraight(shape)) return undefined
  const [row] = await mine(straightFor(shape), valuesOf(what, trashDays))
  const [seq, isKept] = row ?? []
  if (isKept === 'true') return { kind: 'overtaken' }
  return seq == null ? undefined : { kind: 'committed', seq: Number(seq) }
}

/** @returns undefined where the statement met writes that it did not see: nothing was written, and the next look sees them */
export const attempt = async (mine: OwnerScope, what: Commit, trashDays: number): Promise<Verdict | undefined> =>
  verdictFrom(await mine(statementFor(shapeOf(what)), valuesOf(what, trashDays)))

/** A creation that meets another of its id, a first write another one, a change what became of its task, a key itself. */
async function unlessMet(attempted: Promise<Verdict | undefined>): Promise<Verdict | undefined> {
  try {
    return await attempted
  } catch (fault) {
    if (isMet(fault)) return undefined
    throw fault
  }
}

function verdictFrom(rows: readonly Row[]): Verdict | undefined {
  const [kind, seq] = onlyRow(rows)
  switch (kind) {
    case 'committed':
      return { kind, seq: Number(seq) }
    case 'overtaken':
    case 'already-exists':
    case 'task-quota-exceeded':
    case 'storage-quota-exceeded':
      return { kind }
    default:
      return undefined
  }
}

const statementFor = made(commitStatement)
const straightFor = made(straightStatement)

function made(make: (shape: Shape) => OwnerStatement): (shape: Shape) => OwnerStatement {
  const statements = new Map<string, OwnerStatement>()
  return (shape) => {
    const name = JSON.stringify(shape)
    const statement = statements.get(name) ?? make(shape)
    statements.set(name, statement)
    return statement
  }
}

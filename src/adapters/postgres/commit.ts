import { type Commit, Unavailable, type Verdict } from '../../application/ports.ts'
import { type Change, isFree } from '../../domain/change.ts'
import { dueOrder } from '../../domain/due.ts'
import { type Instant, instantAt, millisecondsOf } from '../../domain/instant.ts'
import { searchText } from '../../domain/query.ts'
import { DAY, ENTRIES_KEPT } from '../../domain/retention.ts'
import { PRIORITIES } from '../../domain/task.ts'
import { folded } from '../../domain/text.ts'
import { answerWeight, entryWeight, taskWeight } from '../../domain/weight.ts'
import { commitStatement, type Shape } from './commit-statement.ts'
import { isUniqueViolation } from './faults.ts'
import type { OwnerScope, OwnerStatement } from './owner-scope.ts'
import { onlyRow, type Row, type Values } from './session.ts'

/** How often a commit may meet writes that its statement did not see; each time one of them got on. */
const TRIES = 1000

/** Tags as they were and as they become; a creation had none. */
const tagsOf = ({ before, after }: Change): { readonly added: readonly string[]; readonly removed: readonly string[] } => ({
  added: after.tags.filter((tag) => !before?.tags.includes(tag)),
  removed: (before?.tags ?? []).filter((tag) => !after.tags.includes(tag)),
})

function shapeOf({ change, keep }: Commit): Shape {
  const tags = change && tagsOf(change)
  return {
    writes: change === undefined ? 'nothing' : change.before === null ? 'creation' : 'change',
    content: change !== undefined && (change.before === null || 'title' in change.fields || 'description' in change.fields),
    addsTags: tags !== undefined && tags.added.length > 0,
    removesTags: tags !== undefined && tags.removed.length > 0,
    trims: change !== undefined && change.after.version > ENTRIES_KEPT,
    keeps: keep !== undefined,
    schedules: keep !== undefined || change?.after.deletedAt != null,
  }
}

function changeValues({ kind, at, before, after, fields }: Change, quota: Commit['quota']): Values {
  const tags = tagsOf({ kind, at, before, after, fields })
  return {
    id: after.id,
    version: after.version,
    title: after.title,
    titleKey: folded(after.title),
    description: after.description,
    searchText: searchText(after),
    status: after.status,
    priority: PRIORITIES.indexOf(after.priority),
    due: after.due,
    dueOrder: after.due === null ? null : dueOrder(after.due),
    tags: after.tags,
    addedTags: tags.added,
    removedTags: tags.removed,
    completedAt: after.completedAt,
    createdAt: after.createdAt,
    deletedAt: after.deletedAt,
    weight: taskWeight(after),
    kind,
    at,
    fields: JSON.stringify(fields),
    entryWeight: entryWeight(fields),
    taskQuota: quota.tasks,
    byteQuota: isFree({ kind }) ? Number.MAX_SAFE_INTEGER : quota.bytes,
  }
}

export function keepValues({ once, outcome }: NonNullable<Commit['keep']>): Values {
  return {
    id: outcome.id,
    scope: once.scope,
    key: once.key,
    fingerprint: once.fingerprint,
    outcome: outcome.kind,
    body: outcome.json,
    answerWeight: answerWeight(outcome.json),
  }
}

/** When the first of what is written falls due: a kept answer after a day, a task in the trash after the days it is kept there (STORE-10). */
function dueAt({ change, keep, now }: Commit, trashDays: number): Instant {
  const moments = [keep ? millisecondsOf(now) + DAY : Infinity, change?.after.deletedAt ? millisecondsOf(change.after.deletedAt) + trashDays * DAY : Infinity]
  return instantAt(Math.min(...moments))
}

/** All of it in one statement, or nothing. */
export async function commit(mine: OwnerScope, what: Commit, trashDays: number): Promise<Verdict> {
  for (let tries = 0; tries < TRIES; tries++) {
    const verdict = await unlessMet(attempt(mine, what, trashDays))
    if (verdict !== undefined) return verdict
  }
  throw new Unavailable('database', { cause: new Error('the owner is being written by too many at once') })
}

/** @returns undefined where the statement met writes that it did not see: nothing was written, and the next look sees them */
export async function attempt(mine: OwnerScope, what: Commit, trashDays: number): Promise<Verdict | undefined> {
  const { change, decidedOn = null, actor, now, quota, keep } = what
  const values = {
    answerWeight: 0,
    decidedOn,
    actor,
    now,
    dueAt: dueAt(what, trashDays),
    ...(keep && keepValues(keep)),
    ...(change && changeValues(change, quota)),
  }
  return verdictFrom(await mine(statementFor(shapeOf(what)), values))
}

/** A creation that meets another of its id, or a first write another one. */
async function unlessMet(attempted: Promise<Verdict | undefined>): Promise<Verdict | undefined> {
  try {
    return await attempted
  } catch (fault) {
    if (isUniqueViolation(fault)) return undefined
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

const statements = new Map<string, OwnerStatement>()

function statementFor(shape: Shape): OwnerStatement {
  const name = JSON.stringify(shape)
  const statement = statements.get(name) ?? commitStatement(shape)
  statements.set(name, statement)
  return statement
}

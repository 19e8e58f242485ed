import type { Commit } from '../../application/ports.ts'
import { print } from '../../application/printing.ts'
import { type Change, isFree } from '../../domain/change.ts'
import { dueOrder } from '../../domain/due.ts'
import { type Instant, instantAt, millisecondsOf } from '../../domain/instant.ts'
import { searchText } from '../../domain/query.ts'
import { DAY, ENTRIES_KEPT } from '../../domain/retention.ts'
import { PRIORITIES } from '../../domain/task.ts'
import { folded } from '../../domain/text.ts'
import { answerWeight, entryWeight, taskWeight } from '../../domain/weight.ts'
import type { Shape } from './commit-statement.ts'
import type { Values } from './session.ts'

/** Tags as they were and as they become; a creation had none. */
const tagsOf = ({ before, after }: Change): { readonly added: readonly string[]; readonly removed: readonly string[] } => ({
  added: after.tags.filter((tag) => !before?.tags.includes(tag)),
  removed: (before?.tags ?? []).filter((tag) => !after.tags.includes(tag)),
})

export function shapeOf({ change, keep }: Commit): Shape {
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
    printed: print(after),
    titleKey: folded(after.title),
    searchText: searchText(after),
    status: after.status,
    priority: PRIORITIES.indexOf(after.priority),
    due: after.due,
    dueOrder: after.due === null ? null : dueOrder(after.due),
    addedTags: tags.added,
    removedTags: tags.removed,
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

export function valuesOf(what: Commit, trashDays: number): Values {
  const { change, decidedOn = null, actor, now, quota, keep } = what
  return {
    answerWeight: 0,
    decidedOn,
    actor,
    now,
    dueAt: dueAt(what, trashDays),
    ...(keep && keepValues(keep)),
    ...(change && changeValues(change, quota)),
  }
}

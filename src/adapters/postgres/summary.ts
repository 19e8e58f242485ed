import { asJson, type Json } from '../../application/printing.ts'
import { OPEN, SUMMARY_TAGS, type Summary, type SummaryBounds } from '../../domain/summary.ts'
import { PRIORITIES, STATUSES } from '../../domain/task.ts'
import { reaches } from './list-filter.ts'
import { type OwnerScope, OwnerStatement } from './owner-scope.ts'
import { onlyRow } from './session.ts'

const LIVE = 'from tasks t where t.owner_id = $owner and t.deleted_at is null and t.seq > 0'

const counted = (is: string): string => `count(*) filter (where ${is})`
const object = (members: readonly (readonly [name: string, json: string])[]): string =>
  `'{' || ${members.map(([name, json]) => `'"${name}":' || ${json}`).join(` || ',' || `)} || '}'`

const IS_OPEN = `t.due is not null and t.status in ('${OPEN.join("', '")}')`

const COUNTS: readonly (readonly [keyof Omit<Summary, 'tags'>, string])[] = [
  ['total', 'count(*)'],
  ['byStatus', object(STATUSES.map((status) => [status, counted(`t.status = '${status}'`)]))],
  ['byPriority', object(PRIORITIES.map((priority, rank) => [priority, counted(`t.priority = ${rank}`)]))],
  ['overdue', counted(`${IS_OPEN} and not ${reaches('Now')}`)],
  ['dueToday', counted(`${IS_OPEN} and ${reaches('Today')} and not ${reaches('Tomorrow')}`)],
  ['dueNextSevenDays', counted(`${IS_OPEN} and ${reaches('Today')} and not ${reaches('AfterSeven')}`)],
]

/** Of the tasks that are not in the trash. */
const TAGS = `select '[' || coalesce(string_agg('{"tag":' || to_json(g.tag) || ',"count":' || g.uses || '}', ',' order by g.uses desc, g.tag), '') || ']' from (
select g.tag, count(*) as uses from task_tags g where g.owner_id = $owner and g.tag <> '' and g.task_id in (select t.id ${LIVE})
group by g.tag order by uses desc, g.tag limit ${SUMMARY_TAGS}) g`

/** Byte for byte what `printSummary` makes of it. */
export const SUMMARY = OwnerStatement.of('summary', `select ${object([...COUNTS, ['tags', `(${TAGS})`]])} ${LIVE}`)

/** In one statement, so that all counts are of one moment. */
export async function summary(mine: OwnerScope, { now, today, tomorrow, afterSeven }: SummaryBounds): Promise<Json<Summary>> {
  const [json] = onlyRow(
    await mine(SUMMARY, {
      dayNow: now.day,
      atNow: now.at,
      dayToday: today.day,
      atToday: today.at,
      dayTomorrow: tomorrow.day,
      atTomorrow: tomorrow.at,
      dayAfterSeven: afterSeven.day,
      atAfterSeven: afterSeven.at,
    }),
  )
  return asJson(json ?? '{}')
}

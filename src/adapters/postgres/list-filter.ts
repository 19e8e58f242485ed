import type { Filter } from '../../domain/query.ts'
import { PRIORITIES } from '../../domain/task.ts'
import type { Values } from './session.ts'

/** Whether a due date is at or after a bound: a day is held against the bound's day, a moment against its moment, as in the domain (LIST-07). */
export const reaches = (bound: string): string => `case when length(t.due) = 10 then t.due >= $day${bound}::text else t.due_order >= $at${bound}::bigint end`

export interface Condition {
  readonly name: string
  readonly sql: string
  readonly values: Values
}

/** One condition for each kind of filter that is asked for, and one for each tag. */
export function conditions({ statuses, priorities, tags, dueAfter, dueBefore, words }: Filter): readonly Condition[] {
  const conditions: readonly (Condition | false)[] = [
    statuses.length > 0 && { name: 'status', sql: 't.status = any($statuses::text[])', values: { statuses } },
    priorities.length > 0 && {
      name: 'priority',
      sql: 't.priority = any($priorities::smallint[])',
      values: { priorities: priorities.map((priority) => String(PRIORITIES.indexOf(priority))) },
    },
    dueAfter !== undefined && {
      name: 'after',
      sql: `t.due is not null and ${reaches('After')}`,
      values: { dayAfter: dueAfter.day, atAfter: dueAfter.at },
    },
    dueBefore !== undefined && {
      name: 'before',
      sql: `t.due is not null and not ${reaches('Before')}`,
      values: { dayBefore: dueBefore.day, atBefore: dueBefore.at },
    },
    words.length > 0 && {
      name: `${words.length} words`,
      sql: words.map((_, n) => `position($word${n}::text in t.search_text) > 0`).join(' and '),
      values: Object.fromEntries(words.map((word, n) => [`word${n}`, word])),
    },
    // `is true` keeps it what it is: looked up once, and each task held against what was found.
    ...tags.map((tag, n) => ({
      name: 'tag',
      sql: `(t.id in (select g.task_id from task_tags g where g.owner_id = $owner and g.tag = $tag${n}::text and g.tag <> '')) is true`,
      values: { [`tag${n}`]: tag },
    })),
  ]
  return conditions.filter((condition) => condition !== false)
}

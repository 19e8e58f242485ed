import { type DueBound, isDueWithin } from './due.ts'
import { type Instant, millisecondsOf } from './instant.ts'
import type { Priority, Status, Task } from './task.ts'
import { compareText } from './text.ts'

/** Tags that are told at most (SUM-07). */
export const SUMMARY_TAGS = 50

/** What an owner's tasks outside the trash come to. */
export interface Summary {
  readonly total: number
  readonly byStatus: Readonly<Record<Status, number>>
  readonly byPriority: Readonly<Record<Priority, number>>
  /** Open, and due before now. */
  readonly overdue: number
  /** Open, and due on this day. */
  readonly dueToday: number
  /** Open, and due on one of the seven days of which this is the first. */
  readonly dueNextSevenDays: number
  /** The most used first, those used alike by code point. */
  readonly tags: readonly TagCount[]
}

export interface TagCount {
  readonly tag: string
  readonly count: number
}

/** What due dates are held against: now, and where days begin in a time zone. */
export interface SummaryBounds {
  readonly now: DueBound
  readonly today: DueBound
  readonly tomorrow: DueBound
  /** The day after the seven. */
  readonly afterSeven: DueBound
}

/** @param timeZone an IANA name, as `timeZone` gives it */
export function summaryBounds(now: Instant, timeZone: string): SummaryBounds {
  const at = millisecondsOf(now)
  const today = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate()
  const beginning = (days: number): DueBound => {
    const day = today.add({ days })
    return { at: day.toZonedDateTime(timeZone).epochMilliseconds, day: day.toString() }
  }
  return { now: { at, day: today.toString() }, today: beginning(0), tomorrow: beginning(1), afterSeven: beginning(7) }
}

/** What is to be done still: nothing else is due, and nothing else is overdue (SUM-03). */
export const OPEN = ['todo', 'in_progress'] as const satisfies readonly Status[]

/** The reference that every store is held to. @param tasks those outside the trash */
export function summarize(tasks: readonly Task[], { now, today, tomorrow, afterSeven }: SummaryBounds): Summary {
  const of = (status: Status): number => tasks.filter((task) => task.status === status).length
  const ranked = (priority: Priority): number => tasks.filter((task) => task.priority === priority).length
  const dues = tasks.flatMap(({ status, due }) => (due !== null && OPEN.some((open) => open === status) ? [due] : []))
  const within = (after: DueBound | undefined, before: DueBound): number => dues.filter((due) => isDueWithin(due, after, before)).length
  return {
    total: tasks.length,
    byStatus: { todo: of('todo'), in_progress: of('in_progress'), done: of('done'), cancelled: of('cancelled') },
    byPriority: { none: ranked('none'), low: ranked('low'), medium: ranked('medium'), high: ranked('high'), urgent: ranked('urgent') },
    overdue: within(undefined, now),
    dueToday: within(today, tomorrow),
    dueNextSevenDays: within(today, afterSeven),
    tags: mostUsed(tasks),
  }
}

function mostUsed(tasks: readonly Task[]): readonly TagCount[] {
  const uses = Map.groupBy(
    tasks.flatMap(({ tags }) => tags),
    (tag) => tag,
  )
  return [...uses]
    .map(([tag, { length }]) => ({ tag, count: length }))
    .sort((a, b) => b.count - a.count || compareText(a.tag, b.tag))
    .slice(0, SUMMARY_TAGS)
}

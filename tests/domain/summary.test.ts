import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Instant, isInstant } from '../../src/domain/instant.ts'
import { summarize, summaryBounds } from '../../src/domain/summary.ts'
import type { Task } from '../../src/domain/task.ts'
import { at, dueOf, idOf, taskOf } from '../builders.ts'

const instant = (text: string): Instant => (isInstant(text) ? text : at(0))

const counted = (now: string, zone: string, some: Partial<Task>) => {
  const { overdue, dueToday, dueNextSevenDays } = summarize([taskOf(some)], summaryBounds(instant(now), zone))
  return [overdue, dueToday, dueNextSevenDays]
}

describe('a summary', () => {
  it('knows when the days of a zone begin, those of 23 and of 25 hours too', () => {
    const { now, today, tomorrow, afterSeven } = summaryBounds(instant('2026-03-29T00:30:00.000Z'), 'Europe/Berlin')
    expect(now).to.deep.equal({ at: Date.parse('2026-03-29T00:30Z'), day: '2026-03-29' })
    expect(today).to.deep.equal({ at: Date.parse('2026-03-28T23:00Z'), day: '2026-03-29' })
    expect(tomorrow).to.deep.equal({ at: Date.parse('2026-03-29T22:00Z'), day: '2026-03-30' })
    expect(afterSeven).to.deep.equal({ at: Date.parse('2026-04-04T22:00Z'), day: '2026-04-05' })
    // Midnight does not come on the day that summer time begins in Beirut.
    expect(summaryBounds(instant('2026-03-28T23:00:00.000Z'), 'Asia/Beirut').today).to.deep.equal({ at: Date.parse('2026-03-28T22:00Z'), day: '2026-03-29' })
  })

  it('counts a day of today as due until it is over, a moment as overdue as soon as it has passed', () => {
    expect(counted('2026-11-24T23:59:59.999Z', 'UTC', { due: dueOf('2026-11-24') })).to.deep.equal([0, 1, 1])
    expect(counted('2026-11-25T00:00:00.000Z', 'UTC', { due: dueOf('2026-11-24') })).to.deep.equal([1, 0, 0])
    expect(counted('2026-11-24T09:00:00.000Z', 'UTC', { due: dueOf('2026-11-24T09:00Z') })).to.deep.equal([0, 1, 1])
    expect(counted('2026-11-24T09:00:00.001Z', 'UTC', { due: dueOf('2026-11-24T09:00Z') })).to.deep.equal([1, 1, 1])
    expect(counted('2026-11-24T09:00:00.001Z', 'UTC', { due: dueOf('2026-11-24T09:00Z'), status: 'done' })).to.deep.equal([0, 0, 0])
    expect(counted('2026-11-24T09:00:00.000Z', 'UTC', {})).to.deep.equal([0, 0, 0])
  })

  it('has the 50 most used tags, those used alike by code point', () => {
    const tasks = [...Array.from({ length: 60 }, (_, n) => [`t${String(n).padStart(2, '0')}`]), ['\u{1f4a1}', '\uffee'], ['z']].map((tags, n) =>
      taskOf({ id: idOf(n), tags }),
    )
    const { tags } = summarize([...tasks, taskOf({ tags: ['z'] })], summaryBounds(at(0), 'UTC'))
    expect(tags).to.have.length(50)
    expect(tags[0]).to.deep.equal({ tag: 'z', count: 2 })
    expect(tags.at(-1)).to.deep.equal({ tag: 't48', count: 1 })
    expect(summarize([taskOf({ tags: ['\u{1f4a1}', '\uffee', 'a'] })], summaryBounds(at(0), 'UTC')).tags.map(({ tag }) => tag)).to.deep.equal([
      'a',
      '\uffee',
      '\u{1f4a1}',
    ])
  })
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { edit } from '../../src/domain/editing.ts'
import { revert, walkBack } from '../../src/domain/history.ts'
import type { Draft, Task } from '../../src/domain/task.ts'
import { discard, restore } from '../../src/domain/trash.ts'
import { at, dueOf, refusalOf, taskOf } from '../builders.ts'

/** The task after each edit, and the fields of each, newest first. */
function edited(...edits: readonly Partial<Draft>[]) {
  const states: Task[] = [taskOf()]
  const entries = edits.map((some, n) => {
    const change = edit(states.at(-1) ?? taskOf(), some, at(n + 1))
    if (change === undefined) throw new Error('nothing changes')
    states.push(change.after)
    return { fields: change.fields }
  })
  return { states, entries: entries.reverse(), last: states.at(-1) ?? taskOf() }
}

describe('the way back', () => {
  it('takes each field to what it was before the earliest change on it', () => {
    const { entries } = edited({ title: 'a', due: dueOf('2026-11-30') }, { title: 'b', tags: ['x'] }, { title: 'c', due: null })
    expect(walkBack(entries)).to.deep.equal({ steps: 3, was: { title: 'Buy milk', due: null, tags: [] } })
    expect(walkBack(entries.slice(0, 1))).to.deep.equal({ steps: 1, was: { title: 'b', due: '2026-11-30' } })
    expect(walkBack([])).to.deep.equal({ steps: 0, was: {} })
  })

  it('passes deletions and restorations, which change no field', () => {
    const gone = discard(taskOf(), at(1))
    const back = gone && restore(gone.after, at(2))
    const fields = [back, gone].map((change) => ({ fields: change?.fields ?? { title: { from: 'no', to: 'change' } } }))
    expect(walkBack(fields)).to.deep.equal({ steps: 2, was: {} })
    expect(back && revert(back.after, 1, walkBack(fields), at(3))).to.equal(undefined)
  })
})

describe('a reversion', () => {
  it('makes a new version of the writable fields as they were', () => {
    const { states, entries, last } = edited({ title: 'a', tags: ['x'] }, { priority: 'high', tags: [] })
    const change = revert(last, 2, walkBack(entries.slice(0, 1)), at(9))
    expect(change).to.include({ kind: 'reverted', at: at(9) })
    expect(change?.after).to.deep.equal({ ...states[1], version: 4, updatedAt: at(9) })
    expect(change?.fields).to.deep.equal({ priority: { from: 'high', to: 'none' }, tags: { from: [], to: ['x'] } })
  })

  it('is done now, whenever it was done then, and stays done as it is', () => {
    const { entries, last } = edited({ status: 'done' }, { status: 'todo' })
    expect(revert(last, 2, walkBack(entries.slice(0, 1)), at(9))?.after).to.include({ status: 'done', completedAt: at(9) })
    const done = edited({ status: 'done' }, { title: 'a' })
    expect(revert(done.last, 2, walkBack(done.entries.slice(0, 1)), at(9))?.after).to.include({ status: 'done', completedAt: at(1) })
    expect(revert(done.last, 1, walkBack(done.entries), at(9))?.after).to.include({ status: 'todo', completedAt: null })
    const again = edited({ status: 'done' }, { status: 'todo' }, { status: 'done' })
    expect(revert(again.last, 2, walkBack(again.entries.slice(0, 2)), at(9))).to.equal(undefined)
  })

  it('goes nowhere where an entry is missing, and to no version that never was', async () => {
    const { entries, last } = edited({ title: 'a' }, { title: 'b' })
    for (const [version, way] of [
      [1, entries.slice(0, 1)],
      [4, []],
      [0, [...entries, { fields: {} }]],
      [-1, entries],
    ] as const)
      expect(await refusalOf(() => revert(last, version, walkBack(way), at(9))), String(version)).to.equal('no-such-version')
    expect(revert(last, 3, walkBack([]), at(9))).to.equal(undefined)
  })
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { comparePositions, matches, sortKey } from '../../src/domain/query.ts'
import { folded } from '../../src/domain/text.ts'
import { answerWeight, entryWeight, taskWeight } from '../../src/domain/weight.ts'
import { at, boundOf, dueOf, idOf, NO_FILTER, taskOf } from '../builders.ts'

describe('query', () => {
  it('matches any status, any priority, all tags, exactly', () => {
    const task = taskOf({ status: 'todo', priority: 'high', tags: ['a', 'b'] })
    const is = (some: object) => matches(task, { ...NO_FILTER, ...some })
    expect(is({})).to.equal(true)
    expect(is({ statuses: ['done', 'todo'] })).to.equal(true)
    expect(is({ statuses: ['done'] })).to.equal(false)
    expect(is({ priorities: ['high'] })).to.equal(true)
    expect(is({ priorities: ['low', 'none'] })).to.equal(false)
    expect(is({ tags: ['a', 'b'] })).to.equal(true)
    expect(is({ tags: ['a', 'c'] })).to.equal(false)
    expect(is({ tags: ['A'] })).to.equal(false)
  })

  it('finds every word in title or description, letter case aside, and no word across the two', () => {
    const task = taskOf({ title: 'Straße 50%', description: 'under_score "quoted"\nÀ bientôt' })
    const has = (...words: string[]) => matches(task, { ...NO_FILTER, words: words.map(folded) })
    expect(has('STRASSE', 'à', 'Quoted"')).to.equal(true)
    expect(has('50%', 'r_s')).to.equal(true)
    expect(has('5_%')).to.equal(false)
    expect(has('50%under')).to.equal(false)
  })

  it('leaves out what has no due date where a due filter is set', () => {
    expect(matches(taskOf(), { ...NO_FILTER, dueAfter: boundOf('2026-01-01') })).to.equal(false)
    expect(matches(taskOf({ due: dueOf('2026-02-01') }), { ...NO_FILTER, dueAfter: boundOf('2026-01-01') })).to.equal(true)
  })

  it('orders by key, then by id in the same direction, with null last either way', () => {
    const ascending = { field: 'due', descending: false } as const
    const descending = { field: 'due', descending: true } as const
    const [one, other] = [
      { key: 1, id: 'a' },
      { key: 2, id: 'a' },
    ]
    expect(comparePositions(one, other, ascending)).to.be.below(0)
    expect(comparePositions(one, other, descending)).to.be.above(0)
    expect(comparePositions(one, { key: 1, id: 'b' }, ascending)).to.be.below(0)
    expect(comparePositions(one, { key: 1, id: 'b' }, descending)).to.be.above(0)
    for (const sort of [ascending, descending]) {
      expect(comparePositions({ key: null, id: 'a' }, one, sort)).to.be.above(0)
      expect(comparePositions(one, { key: null, id: 'a' }, sort)).to.be.below(0)
    }
    expect(comparePositions({ key: null, id: 'a' }, { key: null, id: 'b' }, descending)).to.be.above(0)
    expect(comparePositions(one, one, ascending)).to.equal(0)
  })

  it('sorts by milliseconds, by rank and by the folded title', () => {
    const task = taskOf({ id: idOf(1), title: 'ÀB', priority: 'urgent', due: null })
    expect(sortKey(task, 'createdAt')).to.equal(Date.parse(at(0)))
    expect(sortKey(task, 'priority')).to.equal(4)
    expect(sortKey(task, 'title')).to.equal('àb')
    expect(sortKey(task, 'due')).to.equal(null)
  })

  it('weighs texts by their bytes in UTF-8', () => {
    const plain = taskWeight(taskOf({ title: '' }))
    for (const text of ['a', 'é', '€', '💡', 'aé€💡']) {
      expect(taskWeight(taskOf({ title: text })) - plain, text).to.equal(Buffer.byteLength(text))
      expect(answerWeight(text) - answerWeight(null)).to.equal(Buffer.byteLength(text))
    }
    expect(entryWeight({ title: { from: 'é', to: 'a' } }) - entryWeight({ title: { from: 'a', to: 'a' } })).to.equal(1)
  })
})

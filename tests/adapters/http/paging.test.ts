import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createCursors, type List } from '../../../src/adapters/http/paging.ts'
import { Fault } from '../../../src/adapters/http/problem.ts'
import { boundOf, NO_FILTER, principalOf } from '../../builders.ts'

const SECRET = new Uint8Array(32).fill(1)
const LIST: List = { filter: NO_FILTER, sort: { field: 'title', descending: false } }
const POSITION = { key: 'a “title” 😀', id: '00000000-0000-7000-8000-000000000001' }

const slugOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.problem.slug
    throw thrown
  }
}

const [ada, bob] = [principalOf('ada'), principalOf('bob')]

describe('cursors', () => {
  const cursors = createCursors(SECRET)

  it('open to the position that they were made of', () => {
    for (const key of [POSITION.key, 0, -1, 1.5e12, null, '']) {
      const cursor = cursors.seal(ada, LIST, { ...POSITION, key })
      expect(cursor).to.match(/^[\w-]+$/)
      expect(createCursors(SECRET).open(ada, LIST, cursor)).to.deep.equal({ ...POSITION, key })
    }
  })

  it('are bound to owner, filter, sort and secret', () => {
    const cursor = cursors.seal(ada, LIST, POSITION)
    const other = (change: Partial<List>) => () => cursors.open(ada, { ...LIST, ...change }, cursor)
    for (const open of [
      () => cursors.open(bob, LIST, cursor),
      () => createCursors(new Uint8Array(32)).open(ada, LIST, cursor),
      other({ sort: { field: 'title', descending: true } }),
      other({ sort: { field: 'due', descending: false } }),
      other({ filter: { ...NO_FILTER, statuses: ['todo'] } }),
      other({ filter: { ...NO_FILTER, priorities: ['low'] } }),
      other({ filter: { ...NO_FILTER, tags: ['a'] } }),
      other({ filter: { ...NO_FILTER, words: ['a'] } }),
      other({ filter: { ...NO_FILTER, dueAfter: boundOf('2026-11-30') } }),
      other({ filter: { ...NO_FILTER, dueBefore: boundOf('2026-11-30') } }),
    ]) {
      expect(slugOf(open)).to.equal('invalid-cursor')
    }
  })

  it('tell a filter from after from one up to, and a time zone by what it makes of a day', () => {
    const from = { ...LIST, filter: { ...NO_FILTER, dueAfter: boundOf('2026-11-30') } }
    const cursor = cursors.seal(ada, from, POSITION)
    for (const filter of [{ dueBefore: boundOf('2026-11-30') }, { dueAfter: boundOf('2026-11-30', 'Asia/Karachi') }]) {
      expect(slugOf(() => cursors.open(ada, { ...LIST, filter: { ...NO_FILTER, ...filter } }, cursor))).to.equal('invalid-cursor')
    }
    expect(cursors.open(ada, from, cursor)).to.deep.equal(POSITION)
  })

  it('are never the same twice, and show nothing of what they hold', () => {
    const made = Array.from({ length: 50 }, () => cursors.seal(ada, LIST, POSITION))
    expect(new Set(made)).to.have.property('size', 50)
    for (const cursor of made) expect(Buffer.from(cursor, 'base64url').includes('title')).to.equal(false)
  })
})

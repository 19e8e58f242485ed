import { expect } from 'chai'
import { describe, it } from 'mocha'
import { tagsOf } from '../../../src/adapters/http/precondition.ts'
import { Fault } from '../../../src/adapters/http/problem.ts'

const read = (value: string | undefined): unknown => {
  try {
    return tagsOf('If-Match', value)
  } catch (thrown) {
    return thrown instanceof Fault ? thrown.problem.slug : thrown
  }
}

describe('entity tags in a header', () => {
  it('are a list, in which elements may be empty', () => {
    for (const [value, tags] of [
      ['"a"', ['"a"']],
      ['"a","b"', ['"a"', '"b"']],
      ['"a" ,\t"b"', ['"a"', '"b"']],
      ['W/"a"', ['W/"a"']],
      ['""', ['""']],
      [',,"a",', ['"a"']],
      ['"a,b"', ['"a,b"']],
      ['"\\"', ['"\\"']],
      ['"\xe9"', ['"\xe9"']],
      ['*', '*'],
    ] as const) {
      expect(read(value), value).to.deep.equal(tags)
    }
    expect(read(undefined)).to.equal(undefined)
  })

  it('are malformed in every other form', () => {
    for (const value of ['', ' ', ',', 'a', '"a', 'a"', '"a" "b"', '"a"b', 'w/"a"', 'W/a', '*,"a"', '"a b"', '"a\x7f"', '**'])
      expect(read(value), value).to.equal('malformed-header')
  })

  it('are read in time that grows with their length and no more', () => {
    const began = performance.now()
    for (const value of ['"a",'.repeat(4000), '"a'.repeat(8000), ','.repeat(16_000), ' '.repeat(16_000), `${'\t ,'.repeat(5000)}x`]) read(value)
    expect(performance.now() - began).to.be.lessThan(200)
  })
})

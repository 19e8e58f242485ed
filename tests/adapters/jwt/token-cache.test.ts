import { expect } from 'chai'
import { describe, it } from 'mocha'
import { TokenCache } from '../../../src/adapters/jwt/token-cache.ts'

describe('the memory of verified tokens', () => {
  it('AUTH-10 gives what was put in under that token, and under no other', () => {
    const cache = new TokenCache<number>(10)
    cache.set('a', 1)
    cache.set('b', 2)
    cache.set('a', 3)
    expect([cache.get('a'), cache.get('b'), cache.get('A'), cache.get('')]).to.deep.equal([3, 2, undefined, undefined])
  })

  it('AUTH-10 holds no more than its size, and forgets what was used least recently', () => {
    const cache = new TokenCache<number>(3)
    for (const [token, value] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      cache.set(token, value)
    expect(cache.get('a')).to.equal(1)
    cache.set('d', 4)
    expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.get('d')]).to.deep.equal([1, undefined, 3, 4])
    cache.set('c', 5)
    cache.set('e', 6)
    expect([cache.get('a'), cache.get('c'), cache.get('d'), cache.get('e')]).to.deep.equal([undefined, 5, 4, 6])
  })

  it('AUTH-10 keeps nothing of a token that it was only asked for', () => {
    const cache = new TokenCache<number>(2)
    cache.set('a', 1)
    cache.set('b', 2)
    for (const unknown of ['x', 'y', 'z']) expect(cache.get(unknown)).to.equal(undefined)
    cache.set('c', 3)
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).to.deep.equal([undefined, 2, 3])
  })
})

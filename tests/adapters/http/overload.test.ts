import { mock } from 'node:test'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { Context } from '../../../src/adapters/http/context.ts'
import { limitInFlight } from '../../../src/adapters/http/overload.ts'
import { Fault } from '../../../src/adapters/http/problem.ts'

describe('refusals for want of capacity', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  /** So many requests where none is let in. @returns how many have been refused by then, once that many milliseconds have passed */
  function refused(requests: number): (milliseconds: number) => Promise<number> {
    const { admit } = limitInFlight(0, [])
    let count = 0
    for (let at = 0; at < requests; at++)
      admit({ path: '/api/tasks' } as Context, async () => {}).catch((thrown: unknown) => {
        if (thrown instanceof Fault && thrown.problem.slug === 'temporary-reduced-capacity') count++
      })
    return async (milliseconds) => {
      mock.timers.tick(milliseconds)
      await new Promise((resolve) => setImmediate(resolve))
      return count
    }
  }

  it('OPS-12 go out at once up to twenty, and the others after 0.5 to 1.5 s', async () => {
    const refusedAfter = refused(1_000)
    expect([await refusedAfter(0), await refusedAfter(499), await refusedAfter(1_001)]).to.deep.equal([20, 20, 1_000])
  })

  it('OPS-12 are held longer where more than a thousand wait, three times as long at most', async () => {
    const refusedAfter = refused(10_000)
    expect(await refusedAfter(1_500)).to.be.within(1_020, 2_500)
    expect(await refusedAfter(1_500)).to.be.within(4_000, 7_000)
    expect(await refusedAfter(1_500)).to.equal(10_000)
  })
})

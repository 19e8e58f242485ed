import type { ServerResponse } from 'node:http'
import { mock } from 'node:test'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { Arrival } from '../../../src/adapters/http/arrival.ts'
import { limitInFlight } from '../../../src/adapters/http/overload.ts'

describe('refusals for want of capacity', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  /** So many requests where none is let in. @returns how many have been refused by then, once that many milliseconds have passed */
  function refused(requests: number): (milliseconds: number) => number {
    let count = 0
    const { receive } = limitInFlight(0, 1, [], async ({ isRefused }) => {
      if (isRefused) count++
    })
    for (let at = 0; at < requests; at++) receive({ url: '/api/tasks' } as Arrival, {} as ServerResponse)
    return (milliseconds) => {
      mock.timers.tick(milliseconds)
      return count
    }
  }

  it('OPS-24 RATE-06 come only beyond the limit; of what is let in no more is worked on than there are places', () => {
    const begun: string[] = []
    const { receive, inFlight } = limitInFlight(2, 3, [], ({ url = '', isRefused = false }) => {
      begun.push(isRefused ? `${url} refused` : url)
      return new Promise(() => {})
    })
    for (const url of ['/first', '/second', '/third'])
      receive({ method: 'GET', url, rawHeaders: ['Authorization', 'Bearer a'] } as Arrival, {} as ServerResponse)
    expect(begun).to.deep.equal(['/first', '/third refused'])
    expect(inFlight()).to.equal(2)
  })

  it('OPS-12 go out at once up to twenty, and the others after 0.5 to 1.5 s', () => {
    const refusedAfter = refused(1_000)
    expect([refusedAfter(0), refusedAfter(499), refusedAfter(1_001)]).to.deep.equal([20, 20, 1_000])
  })

  it('OPS-12 are held longer where more than a thousand wait, three times as long at most', () => {
    const refusedAfter = refused(10_000)
    expect(refusedAfter(1_500)).to.be.within(1_020, 2_500)
    expect(refusedAfter(1_500)).to.be.within(4_000, 7_000)
    expect(refusedAfter(1_500)).to.equal(10_000)
  })
})

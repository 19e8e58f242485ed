import fc from 'fast-check'
import { describe, it } from 'mocha'
import { portsOver, principalOf } from '../builders.ts'
import { figure } from '../contracts/opened-store.ts'
import { direct, simulate, stepsOf } from '../devices.ts'

const SEEDS = figure(200, 5)

describe('three devices of one owner', function () {
  this.timeout(600_000)

  it(`SYNC-10 IDEM-03 hold the same as the server in the end, and nothing acknowledged is lost: 1,000 steps, ${SEEDS} seeds`, async () => {
    await fc.assert(
      fc.asyncProperty(stepsOf(1000), (steps) => simulate(steps, direct(portsOver(), principalOf('ada')))),
      { numRuns: SEEDS, endOnFailure: true },
    )
  })
})

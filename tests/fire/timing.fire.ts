import { expect } from 'chai'
import { describe, it } from 'mocha'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { createIds } from '../../src/adapters/system/ids.ts'
import { storesUnderTest } from '../databases.ts'
import { median } from '../figures/measuring.ts'
import { Client } from '../http/client.ts'
import { report } from './report.ts'

/** Of each kind. */
const READS = 10_000
const WARM_UP = 1_000
const TASKS = 100

/** How often the one is greater than the other, ties counted half: 0.5 where nobody can tell them apart (Mann and Whitney's U). */
function areaUnderCurve(some: readonly number[], others: readonly number[]): number {
  const all = [...some.map((figure) => ({ figure, isOne: true })), ...others.map((figure) => ({ figure, isOne: false }))].sort(
    (one, other) => one.figure - other.figure,
  )
  let ranks = 0
  for (let from = 0; from < all.length; ) {
    let to = from
    while (all[to]?.figure === all[from]?.figure) to++
    ranks += ((from + 1 + to) / 2) * all.slice(from, to).filter(({ isOne }) => isOne).length
    from = to
  }
  return (ranks - (some.length * (some.length + 1)) / 2) / (some.length * others.length)
}

/** Reads each pair of paths one after the other. @returns nanoseconds, of the first ones and of the second ones */
async function readInTurn(api: Client, ones: readonly string[], others: readonly string[]): Promise<readonly [number[], number[]]> {
  const read = async (path = ''): Promise<number> => {
    const began = process.hrtime.bigint()
    const { status } = await api.get(path)
    const took = Number(process.hrtime.bigint() - began)
    expect(status).to.equal(404)
    return took
  }
  const times: readonly [number[], number[]] = [[], []]
  for (let nth = 0; nth < READS + WARM_UP; nth++) {
    const pair = [ones[nth % ones.length], others[nth % others.length]] as const
    // Which of the two comes first is chance, so that no rhythm of the machine falls on one of them.
    const first = Math.random() < 0.5 ? 0 : 1
    for (const which of [first, 1 - first]) {
      const took = await read(pair[which])
      if (nth >= WARM_UP) times[which]?.push(took)
    }
    if (nth % 1_000 === 0) api.told.length = 0
  }
  return times
}

describe('the time of an answer', function () {
  this.timeout(600_000)

  it('SEC-01 what measures it can tell what differs', () => {
    const figures = Array.from({ length: 1_000 }, (_, nth) => nth)
    expect([areaUnderCurve(figures, [2_000]), areaUnderCurve(figures, [-1]), areaUnderCurve(figures, figures)]).to.deep.equal([0, 1, 0.5])
    const later = figures.map((figure) => figure + 50)
    expect(areaUnderCurve(later, figures)).to.be.within(0.54, 0.56)
  })

  for (const { name, open } of storesUnderTest.filter((one) => one.name === 'PostgreSQL')) {
    it(`SEC-01 OWN-02 ${name}: another owner's task and one that never was, ${READS} reads of each, cannot be told apart`, async () => {
      const { store, close } = await open()
      const ports = { tasks: store, clock: systemClock, ids: createIds(), quota: { tasks: 1e5, bytes: 1e9 }, underWay: new Set<string>() }
      const api = new Client({ ports })
      await api.listen()
      try {
        for (let nth = 0; nth < TASKS; nth++) await api.make({}, { as: 'ada' })
        const theirs = await Promise.all(Array.from({ length: TASKS }, async () => (await api.make({}, { as: 'bob' })).path))
        const missing = Array.from({ length: TASKS }, () => `/api/tasks/${ports.ids.next()}`)
        const [another, none] = await readInTurn(api, theirs, missing)
        const area = areaUnderCurve(another, none)
        report(`another's ${Math.round(median(another) / 1000)} µs, missing ${Math.round(median(none) / 1000)} µs at the median, AUC ${area.toFixed(4)}`)
        expect([another.length, none.length]).to.deep.equal([READS, READS])
        expect(area).to.be.within(0.48, 0.52)
      } finally {
        await api.stop()
        await close()
      }
    })
  }
})

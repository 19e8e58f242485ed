import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Observation } from '../../src/application/observation.ts'
import { keepRounds } from '../../src/compose/rounds.ts'

/** Work that is done by hand: each step waits until it is told how much it was. */
function workByHand() {
  const steps: ((done: number | Error) => void)[] = []
  const begun: (() => void)[] = []
  return {
    work: () =>
      new Promise<number>((resolve, reject) => {
        steps.push((done) => (typeof done === 'number' ? resolve(done) : reject(done)))
        begun.shift()?.()
      }),
    /** Resolves when the next step begins. */
    next: () => new Promise<void>((resolve) => begun.push(resolve)),
    finish: (done: number | Error) => steps.shift()?.(done),
    waiting: () => steps.length,
  }
}

describe('rounds', () => {
  it('go on while there is more and tell it, pause, and come again', async () => {
    const { work, next, finish, waiting } = workByHand()
    let begun = next()
    const told: Observation[] = []
    const rounds = keepRounds({ doDueWork: work }, (observation) => told.push(observation), 1)
    for (const done of [5, 1, 0, 0]) {
      await begun
      expect(waiting()).to.equal(1)
      begun = next()
      finish(done)
    }
    await begun
    finish(0)
    await rounds.stop()
    expect(told).to.deep.equal([5, 1].map((count) => ({ kind: 'due-work-done', count })))
  })

  it('STORE-21 end with a vacuum, once nothing is due any more', async () => {
    const done: string[] = []
    const counts = [3, 0]
    const doDueWork = async () => {
      done.push('due')
      return counts.shift() ?? 0
    }
    await new Promise<void>((resolve) => {
      const vacuum = async () => {
        done.push('vacuum')
        void rounds.stop()
        resolve()
      }
      const rounds = keepRounds({ doDueWork, vacuum }, () => {}, 1)
    })
    expect(done).to.deep.equal(['due', 'due', 'vacuum'])
  })

  it('tell what fails, and try again', async () => {
    const told: Observation[] = []
    const { work, next, finish } = workByHand()
    let begun = next()
    const rounds = keepRounds({ doDueWork: work }, (observation) => told.push(observation), 1)
    await begun
    begun = next()
    const cause = new Error('no database')
    finish(cause)
    await begun
    expect(told).to.deep.equal([{ kind: 'failed', requestId: undefined, cause }])
    finish(0)
    await rounds.stop()
  })

  it('wait for the step under way when they stop, and begin no other', async () => {
    const { work, next, finish, waiting } = workByHand()
    const begun = next()
    const rounds = keepRounds({ doDueWork: work }, () => {}, 1)
    await begun
    let isStopped = false
    const stopped = rounds.stop().then(() => {
      isStopped = true
    })
    await Promise.resolve()
    expect(isStopped).to.equal(false)
    finish(7)
    await stopped
    expect(waiting()).to.equal(0)
  })
})

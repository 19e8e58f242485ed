import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { followChanges, type LiveEvent } from '../../src/application/live.ts'
import type { TaskStore } from '../../src/application/ports.ts'
import { asJson } from '../../src/application/printing.ts'
import type { Listener, News } from '../../src/application/watching.ts'
import { principalOf } from '../builders.ts'

const settle = () => new Promise((done) => setImmediate(done))

/** A stream of an owner without a task, whose first sync is done; what wakes it is the test's. */
async function followed() {
  const store = createMemoryStore()
  let looks = 0
  let wake: Listener = () => {}
  const tasks: TaskStore = {
    of: (owner) => ({
      ...store.of(owner),
      changes: (query) => {
        looks++
        return store.of(owner).changes(query)
      },
      watch: (listener) => {
        wake = listener
        return () => {}
      },
    }),
  }
  const following = await followChanges({ tasks })(principalOf('ada'), 0)
  expect(await following.next()).to.deep.equal([{ kind: 'caught-up', seq: 0 }])
  return { following, wake, looks: () => looks }
}

const handed = (seq: number, text = `${seq}`): News => ({ seq, json: asJson(text) })
const told = (seq: number): LiveEvent => ({ kind: 'change', seq, json: asJson(`${seq}`) })

describe('following the feed', () => {
  it('looks again when woken, but not for a number up to which all has been told', async () => {
    const { following, wake, looks } = await followed()
    const next = following.next()
    await settle()
    const before = looks()
    wake({ seq: 0 })
    await settle()
    expect(looks()).to.equal(before)
    wake({ seq: 1 })
    await settle()
    expect(looks()).to.equal(before + 1)
    wake()
    await settle()
    expect(looks()).to.equal(before + 2)
    following.stop()
    expect(await next).to.equal(undefined)
  })

  it('tells without a look what commits hand over, by number, once', async () => {
    const { following, wake, looks } = await followed()
    const next = following.next()
    wake(handed(2))
    wake(handed(1))
    expect(await next).to.deep.equal([told(1), told(2)])
    wake(handed(2))
    wake(handed(3))
    expect(await following.next()).to.deep.equal([told(3)])
    expect(looks()).to.equal(1)
  })

  for (const [what, changes] of [
    ['a number is missing', [handed(2)]],
    ['something was committed that nobody handed over', [handed(1), undefined]],
    ['more is handed over than may wait', [handed(1, 'x'.repeat(40_000)), handed(2, 'x'.repeat(40_000))]],
  ] as const) {
    it(`looks where ${what}`, async () => {
      const { following, wake, looks } = await followed()
      for (const news of changes) wake(news)
      const next = following.next()
      await settle()
      expect(looks()).to.equal(2)
      following.stop()
      expect(await next).to.equal(undefined)
    })
  }
})

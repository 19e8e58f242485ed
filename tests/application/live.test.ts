import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { followChanges } from '../../src/application/live.ts'
import type { TaskStore } from '../../src/application/ports.ts'
import type { Listener } from '../../src/application/watching.ts'
import { principalOf } from '../builders.ts'

describe('following the feed', () => {
  it('looks again when woken, but not for a number up to which all has been told', async () => {
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
    const settle = () => new Promise((done) => setImmediate(done))
    const following = await followChanges({ tasks })(principalOf('ada'), 0)
    // The first sync of an owner without a task is done at once.
    expect(await following.next()).to.deep.equal([{ kind: 'caught-up', seq: 0 }])
    const next = following.next()
    await settle()
    const before = looks
    wake(0)
    await settle()
    expect(looks).to.equal(before)
    wake(1)
    await settle()
    expect(looks).to.equal(before + 1)
    wake()
    await settle()
    expect(looks).to.equal(before + 2)
    following.stop()
    expect(await next).to.equal(undefined)
  })
})

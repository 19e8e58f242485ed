import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createIds } from '../../../src/adapters/system/ids.ts'
import { isTaskId } from '../../../src/domain/task.ts'

const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const momentOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

describe('ids', () => {
  it('are UUIDs of version 7 that begin with the moment', () => {
    const id = createIds(() => 1_795_500_000_123).next()
    expect(id).to.match(V7)
    expect(isTaskId(id)).to.equal(true)
    expect(momentOf(id)).to.equal(1_795_500_000_123)
  })

  it('ascend within one millisecond, also past its counter, and when the clock is set back', () => {
    let now = 1_795_500_000_000
    const ids = createIds(() => now)
    const many = Array.from({ length: 10_000 }, () => ids.next())
    now -= 60_000
    many.push(...Array.from({ length: 10_000 }, () => ids.next()))
    expect(many).to.deep.equal([...many].sort())
    expect(new Set(many).size).to.equal(20_000)
    expect(many.every((id) => V7.test(id))).to.equal(true)
  })

  it('differ between two processes at one moment', () => {
    const now = (): number => 1_795_500_000_000
    const [ours, theirs] = [createIds(now), createIds(now)]
    const all = Array.from({ length: 5_000 }, () => [ours.next(), theirs.next()]).flat()
    expect(new Set(all).size).to.equal(10_000)
  })
})

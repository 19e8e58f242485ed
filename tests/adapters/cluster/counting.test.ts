import { expect } from 'chai'
import { describe, it } from 'mocha'
import { CountingDesk } from '../../../src/adapters/cluster/counting-desk.ts'
import type { FromWorker } from '../../../src/adapters/cluster/messages.ts'
import { RemoteCounts } from '../../../src/adapters/cluster/remote-counts.ts'
import { createCounts } from '../../../src/adapters/counting/counts.ts'
import type { Counts } from '../../../src/application/counting.ts'

/** A worker's counts, a desk for it, and the messages between them, as JSON. */
function workerOver(counts: Counts) {
  const messages: string[] = []
  const desk = new CountingDesk(counts)
  const remote: RemoteCounts = new RemoteCounts((message) => {
    messages.push(JSON.stringify(message))
    const sent: FromWorker = JSON.parse(JSON.stringify(message))
    if (sent.kind === 'stream-given-back') desk.giveStreamBack(sent.owner)
    if (sent.kind === 'count') void desk.answer(sent.questions).then((answers) => remote.answer(sent.id, JSON.parse(JSON.stringify(answers))))
  })
  return { remote, desk, messages }
}

const times = <T>(count: number, work: () => Promise<T>): Promise<readonly T[]> => Promise.all(Array.from({ length: count }, work))

describe('counts over the channel to the primary process', () => {
  it('are those of one process, by however many they are asked, in one message a turn', async () => {
    const counts = createCounts(10)
    const [one, other] = [workerOver(counts), workerOver(counts)]
    const all = await Promise.all([times(6, () => one.remote.countOwner('ada', '192.0.2.1')), times(6, () => other.remote.countOwner('ada', '192.0.2.2'))])
    const left = all.flat()
    expect(left.map(({ isWithin }) => isWithin).filter(Boolean)).to.have.lengthOf(10)
    expect(left.map(({ requests }) => requests).sort((a, b) => b - a)).to.deep.equal([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0])
    expect([one.messages.length, other.messages.length]).to.deep.equal([1, 1])
    expect(left.every(({ untilNext }) => untilNext > 59_000 && untilNext <= 60_000)).to.equal(true)
  })

  it('refuse an address by whatever process it comes, count nothing for its owners, and then ask no more', async () => {
    const counts = createCounts(2)
    const [one, other] = [workerOver(counts), workerOver(counts)]
    await times(2, () => one.remote.countStranger('192.0.2.1'))
    expect(await one.remote.refused('192.0.2.1')).to.include({ isWithin: false, requests: 0 })
    expect(await other.remote.refused('192.0.2.1'), 'not heard of yet').to.equal(undefined)
    expect(await other.remote.countOwner('ada', '192.0.2.1')).to.include({ isWithin: false, requests: 0 })
    expect(await other.remote.refused('192.0.2.1')).to.include({ isWithin: false, requests: 0 })
    expect(await other.remote.countOwner('ada', '192.0.2.2')).to.include({ isWithin: true, requests: 1 })
    expect(await other.remote.refused('192.0.2.2')).to.equal(undefined)
  })

  it('take off what a batch did, and what is owed', async () => {
    const { remote } = workerOver(createCounts(10))
    await remote.countOwner('ada', '192.0.2.1')
    expect(await remote.takeOff('ada', 99)).to.include({ isWithin: false, requests: 0 })
    expect(await remote.countOwner('ada', '192.0.2.1')).to.include({ isWithin: false, requests: 0 })
  })

  it('give back the streams of a process that has ended, once', async () => {
    const counts = createCounts(0)
    const [one, other] = [workerOver(counts), workerOver(counts)]
    const taken = await Promise.all([times(7, () => one.remote.takeStream('ada')), times(7, () => other.remote.takeStream('ada'))])
    expect(taken.map((all) => all.filter(Boolean).length)).to.deep.equal([7, 3])
    one.remote.giveStreamBack('ada')
    one.desk.close()
    one.desk.close()
    one.remote.giveStreamBack('ada')
    expect((await times(9, () => other.remote.takeStream('ada'))).filter(Boolean)).to.have.lengthOf(7)
  })
})

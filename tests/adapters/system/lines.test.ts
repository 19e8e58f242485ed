import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Lines } from '../../../src/adapters/system/lines.ts'

describe('lines of the log', () => {
  it('LOG-03 are handed over together, whole, in their order, and no more at once than fits', () => {
    const written: string[] = []
    const lines = new Lines({ write: (text) => void written.push(text) }, 10)
    for (const line of ['one\n', 'two\n', '\u00fc\u20ac\n', 'longer than all\n', 'last\n']) lines.write(line)
    expect(written).to.deep.equal(['one\ntwo\n', '\u00fc\u20ac\n', 'longer than all\n'])
    lines.handOver()
    lines.handOver()
    expect(written.slice(3)).to.deep.equal(['last\n'])
  })

  it('LOG-03 wait 50 ms for others at most', async () => {
    const began = performance.now()
    const text = await new Promise((resolve) => {
      const lines = new Lines({ write: resolve }, 100)
      lines.write('one\n')
      lines.write('two\n')
    })
    expect(text).to.equal('one\ntwo\n')
    expect(performance.now() - began).to.be.within(45, 1_000)
  })
})

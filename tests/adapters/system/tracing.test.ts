import { expect } from 'chai'
import { describe, it } from 'mocha'
import { openTracing } from '../../../src/adapters/system/tracing.ts'
import { readTask } from '../../../src/application/browsing.ts'
import { type Span, traced } from '../../../src/application/tracing.ts'
import { idOf, portsOver, principalOf, refusalOf } from '../../builders.ts'

describe('tracing', () => {
  it('TRACE-04 without an SDK there is none, and a use case is what it is', async () => {
    expect(await openTracing()).to.equal(undefined)
    const ports = portsOver()
    const run = () => Promise.resolve('answer')
    expect(traced(ports, () => run)).to.equal(run)
  })

  it('TRACE-01 with one the use case is a step by its name, and answers and refuses as ever', async () => {
    const steps: string[] = []
    const span: Span = (kind, name, work) => {
      steps.push(`${kind} ${name}`)
      return work()
    }
    const read = traced({ ...portsOver(), span }, readTask)
    expect(await refusalOf(() => read(principalOf('ada'), idOf(1)))).to.equal('not-found')
    expect(steps).to.deep.equal(['use case readTask'])
  })
})

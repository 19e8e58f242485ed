import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { createTask } from '../../src/application/creation.ts'
import { doDueWork } from '../../src/application/due-work.ts'
import { discardTask, emptyTrash } from '../../src/application/trash.ts'
import { draftOf, portsOver, principalOf, refusalOf } from '../builders.ts'

describe('due work', () => {
  it('stops between two steps, and leaves the rest to whoever comes after the lease', async () => {
    const store = createMemoryStore()
    const ports = portsOver(store, { tasks: 250, bytes: 10_000_000 })
    const ada = principalOf('ada')
    for (let n = 0; n < 250; n++) await discardTask(ports)(ada, (await createTask(ports)(ada, () => ({ id: undefined, draft: draftOf() }))).id)
    await emptyTrash(ports)(ada)
    let looks = 0
    expect(await doDueWork({ ...ports, work: store }, () => ++looks > 2)).to.equal(100)
    expect(await doDueWork({ ...ports, work: store })).to.equal(0)
    for (let n = 0; n < 100; n++) await createTask(ports)(ada, () => ({ id: undefined, draft: draftOf() }))
    expect(await refusalOf(() => createTask(ports)(ada, () => ({ id: undefined, draft: draftOf() })))).to.equal('task-quota-exceeded')
  })
})

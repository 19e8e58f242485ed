import { expect } from 'chai'
import { describe, it } from 'mocha'
import { complete, reopen } from '../../src/domain/completion.ts'
import { create, edit } from '../../src/domain/editing.ts'
import { STATUSES } from '../../src/domain/task.ts'
import { discard } from '../../src/domain/trash.ts'
import { at, draftOf, dueOf, idOf, taskOf } from '../builders.ts'

describe('changes', () => {
  it('creates version 1, with no fields in the journal', () => {
    const change = create(idOf(7), draftOf({ title: 'Write' }), at(5))
    expect(change).to.deep.include({ kind: 'created', at: at(5), before: null, fields: {} })
    expect(change.after).to.deep.include({
      id: idOf(7),
      title: 'Write',
      status: 'todo',
      version: 1,
      createdAt: at(5),
      updatedAt: at(5),
      completedAt: null,
      deletedAt: null,
    })
    expect(create(idOf(7), draftOf({ status: 'done' }), at(5)).after.completedAt).to.equal(at(5))
  })

  it('edits what is named and leaves the rest', () => {
    const before = taskOf({ tags: ['a'], due: dueOf('2026-11-30'), description: 'long' })
    const change = edit(before, { title: 'New', due: null, tags: ['a', 'b'] }, at(9))
    expect(change?.after).to.deep.equal({ ...before, title: 'New', due: null, tags: ['a', 'b'], updatedAt: at(9), version: 2 })
    expect(change?.fields).to.deep.equal({
      title: { from: 'Buy milk', to: 'New' },
      due: { from: '2026-11-30', to: null },
      tags: { from: ['a'], to: ['a', 'b'] },
    })
  })

  it('changes nothing where nothing differs', () => {
    const task = taskOf({ tags: ['a'] })
    expect(edit(task, {}, at(1))).to.equal(undefined)
    expect(edit(task, draftOf({ tags: ['a'] }), at(1))).to.equal(undefined)
    expect(complete(taskOf({ status: 'done', completedAt: at(0) }), at(1))).to.equal(undefined)
  })

  it('tells tags apart that join to the same text', () => {
    expect(edit(taskOf({ tags: ['a', 'b'] }), { tags: ['ab'] }, at(1))?.fields).to.have.property('tags')
  })

  for (const status of STATUSES) {
    it(`completes from ${status}, and is todo again when reopened if it was done`, () => {
      const task = taskOf({ status, completedAt: status === 'done' ? at(0) : null })
      const done = complete(task, at(3))
      if (status === 'done') expect(done).to.equal(undefined)
      else expect(done).to.deep.include({ kind: 'completed', fields: { status: { from: status, to: 'done' }, completedAt: { from: null, to: at(3) } } })
      const open = reopen(task, at(3))
      if (status === 'done') expect(open?.after).to.deep.include({ status: 'todo', completedAt: null, version: 2 })
      else expect(open).to.equal(undefined)
    })
  }

  it('keeps completedAt while the status stays done, and clears it when it leaves', () => {
    const done = taskOf({ status: 'done', completedAt: at(0) })
    expect(edit(done, { title: 'x' }, at(4))?.after.completedAt).to.equal(at(0))
    expect(edit(done, { status: 'cancelled' }, at(4))?.after.completedAt).to.equal(null)
    expect(edit(taskOf(), { status: 'done' }, at(4))?.after.completedAt).to.equal(at(4))
  })

  it('discards with its fields untouched', () => {
    expect(discard(taskOf(), at(2))).to.deep.include({ kind: 'deleted', fields: {} })
    expect(discard(taskOf(), at(2))?.after).to.deep.include({ deletedAt: at(2), version: 2, updatedAt: at(2) })
  })
})

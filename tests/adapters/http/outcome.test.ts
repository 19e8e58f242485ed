import { expect } from 'chai'
import { describe, it } from 'mocha'
import { answerOf } from '../../../src/adapters/http/outcome.ts'
import { print } from '../../../src/application/printing.ts'
import { taskOf } from '../../builders.ts'

const TASK = taskOf()
const JSON_TEXT = print(TASK)
const outcome = (kind: 'created' | 'changed' | 'discarded', json: typeof JSON_TEXT | null) => ({ kind, id: TASK.id, seq: 7, json })

describe('the answer to a write', () => {
  it('shows the task to a token that may read, and its tag to any', () => {
    expect(answerOf(outcome('created', JSON_TEXT), true)).to.deep.equal({ status: 201, body: JSON_TEXT, etag: '"7"', location: `/api/tasks/${TASK.id}` })
    expect(answerOf(outcome('created', JSON_TEXT), false)).to.deep.equal({ status: 201, body: null, etag: '"7"', location: `/api/tasks/${TASK.id}` })
    expect(answerOf(outcome('changed', JSON_TEXT), true)).to.deep.equal({ status: 200, body: JSON_TEXT, etag: '"7"', location: undefined })
    expect(answerOf(outcome('changed', JSON_TEXT), false)).to.deep.equal({ status: 204, body: null, etag: '"7"', location: undefined })
  })

  it('is the one without the task where a purge has emptied what was kept', () => {
    for (const kind of ['created', 'changed'] as const) expect(answerOf(outcome(kind, null), true)).to.deep.equal(answerOf(outcome(kind, JSON_TEXT), false))
  })

  it('has no tag after a deletion', () => {
    for (const reads of [true, false])
      expect(answerOf(outcome('discarded', null), reads)).to.deep.equal({ status: 204, body: null, etag: undefined, location: undefined })
  })
})

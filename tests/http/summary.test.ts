import { expect } from 'chai'
import { describe, it } from 'mocha'
import { at, portsOver } from '../builders.ts'
import { problemIn, serving, tokenOf } from './client.ts'

/** 23:30 in Karachi, where the day after begins half an hour later. */
const LATE = Date.parse('2026-11-24T18:30:00Z') - Date.parse(at(0))
const late = () => ({ ...portsOver(), clock: { now: () => at(LATE) } })

describe('summary', () => {
  it(
    'SUM-01 SUM-02 SUM-07 what an owner’s tasks outside the trash come to',
    serving({}, async (api) => {
      for (const task of [
        { status: 'todo', priority: 'high', tags: ['b', 'a'] },
        { status: 'in_progress', tags: ['b'] },
        { status: 'done', tags: ['b', 'ä'] },
        { status: 'todo', tags: ['A'] },
      ])
        await api.make(task)
      await api.delete((await api.make({ status: 'cancelled', tags: ['a', 'trashed'] })).path)
      await api.make({ tags: ['theirs'] }, { as: 'bob' })
      const answer = await api.get('/api/tasks/summary')
      expect(answer.body).to.equal(
        JSON.stringify({
          total: 4,
          byStatus: { todo: 2, in_progress: 1, done: 1, cancelled: 0 },
          byPriority: { none: 3, low: 0, medium: 0, high: 1, urgent: 0 },
          overdue: 0,
          dueToday: 0,
          dueNextSevenDays: 0,
          tags: [
            { tag: 'b', count: 3 },
            { tag: 'A', count: 1 },
            { tag: 'a', count: 1 },
            { tag: 'ä', count: 1 },
          ],
        }),
      )
      expect(answer.headers['cache-control']).to.equal('no-store')
      for (let n = 0; n < 3; n++) await api.make({ tags: Array.from({ length: 20 }, (_, of) => `${n}-${of}`) })
      expect(JSON.parse((await api.get('/api/tasks/summary')).body).tags).to.have.length(50)
    }),
  )

  it(
    'SUM-03 SUM-04 SUM-05 SUM-06 what is overdue and due goes by the zone, and only what is open is',
    serving({ ports: late() }, async (api) => {
      const counts = async (timeZone: string) => {
        const { overdue, dueToday, dueNextSevenDays } = JSON.parse((await api.get(`/api/tasks/summary?timeZone=${timeZone}`)).body)
        return [overdue, dueToday, dueNextSevenDays]
      }
      const countsWith = async (due: string, status = 'todo') => {
        const { path } = await api.make({ due, status })
        const found = [await counts('UTC'), await counts('Asia/Karachi'), await counts('Pacific/Kiritimati')]
        await api.delete(path)
        return found
      }
      // Now is 18:30 on the 24th in UTC, 23:30 on the 24th in Karachi, 08:30 on the 25th in Kiritimati.
      expect(await countsWith('2026-11-23')).to.deep.equal([
        [1, 0, 0],
        [1, 0, 0],
        [1, 0, 0],
      ])
      expect(await countsWith('2026-11-24')).to.deep.equal([
        [0, 1, 1],
        [0, 1, 1],
        [1, 0, 0],
      ])
      expect(await countsWith('2026-11-25')).to.deep.equal([
        [0, 0, 1],
        [0, 0, 1],
        [0, 1, 1],
      ])
      expect(await countsWith('2026-11-30')).to.deep.equal([
        [0, 0, 1],
        [0, 0, 1],
        [0, 0, 1],
      ])
      expect(await countsWith('2026-12-01')).to.deep.equal([
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 1],
      ])
      expect(await countsWith('2026-12-02')).to.deep.equal([
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ])
      expect(await countsWith('2026-11-24T18:29:59.999Z')).to.deep.equal([
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ])
      expect(await countsWith('2026-11-24T18:30Z')).to.deep.equal([
        [0, 1, 1],
        [0, 1, 1],
        [0, 1, 1],
      ])
      expect(await countsWith('2026-11-24T19:00Z')).to.deep.equal([
        [0, 1, 1],
        [0, 0, 1],
        [0, 1, 1],
      ])
      expect(await countsWith('2026-11-25T00:00+05:00[Asia/Karachi]')).to.deep.equal([
        [0, 1, 1],
        [0, 0, 1],
        [0, 1, 1],
      ])
      expect(await countsWith('2026-11-30T23:59:59.999+05:00')).to.deep.equal([
        [0, 0, 1],
        [0, 0, 1],
        [0, 0, 1],
      ])
      expect(await countsWith('2026-12-01T00:00+05:00')).to.deep.equal([
        [0, 0, 1],
        [0, 0, 0],
        [0, 0, 1],
      ])
      expect(await countsWith('2026-11-24', 'in_progress')).to.deep.equal([
        [0, 1, 1],
        [0, 1, 1],
        [1, 0, 0],
      ])
      for (const status of ['done', 'cancelled'])
        expect(await countsWith('2026-11-24', status)).to.deep.equal([
          [0, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ])
    }),
  )

  it(
    'SUM-08 a time zone that is none, and any other parameter, is 400',
    serving({}, async (api) => {
      for (const query of ['timeZone=Nowhere', 'timeZone=', 'timeZone=%2B05:00', 'timeZone=UTC&timeZone=UTC', 'limit=1', 'status=todo', 'x'])
        expect(problemIn(await api.get(`/api/tasks/summary?${query}`)), query).to.equal('malformed-query')
      expect(problemIn(await api.get('/api/tasks/summary?timeZone=asia/karachi'))).to.equal(200)
      expect(problemIn(await api.get('/api/tasks/summary', { as: tokenOf('ada', 'tasks:write') }))).to.equal('insufficient-permission')
      expect(problemIn(await api.get('/api/tasks/summary', { headers: { Accept: 'text/html' } }))).to.equal('not-acceptable')
    }),
  )

  it(
    'SUM-09 summary is no id: other methods are 405, before any token',
    serving({}, async (api) => {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        const answer = await api.ask(method, '/api/tasks/summary', { as: null })
        expect([problemIn(answer), answer.headers['allow']], method).to.deep.equal(['method-not-allowed', 'GET, HEAD, OPTIONS'])
      }
      expect((await api.ask('OPTIONS', '/api/tasks/summary', { as: null })).headers['allow']).to.equal('GET, HEAD, OPTIONS')
      const [get, head] = [await api.get('/api/tasks/summary'), await api.ask('HEAD', '/api/tasks/summary')]
      expect([head.status, head.body, head.headers['content-length']]).to.deep.equal([200, '', get.headers['content-length']])
      for (const other of ['/api/tasks/Summary', '/api/tasks/summary0', '/api/tasks/:id']) {
        expect(problemIn(await api.put(other, { title: 'x' })), other).to.equal('not-found')
        expect((await api.ask('OPTIONS', other)).headers['allow'], other).to.equal('DELETE, GET, HEAD, OPTIONS, PATCH, PUT')
      }
      expect(problemIn(await api.put('/api/tasks/summary/completion', undefined))).to.equal('not-found')
      expect(api.told.flatMap((told) => (told.kind === 'answered' && told.request.status === 200 ? [told.request.route] : []))).to.deep.equal(
        Array(2).fill('/api/tasks/summary'),
      )
    }),
  )
})

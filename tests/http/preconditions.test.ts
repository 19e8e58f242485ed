import { expect } from 'chai'
import { describe, it } from 'mocha'
import { figure } from '../contracts/opened-store.ts'
import { type Client, problemIn, serving, tokenOf } from './client.ts'

const WRITES = [
  ['PUT', '', { title: 'other' }],
  ['PATCH', '', { title: 'another' }],
  ['PUT', '/completion', undefined],
  ['DELETE', '/completion', undefined],
  ['POST', '/reversion', { version: 1 }],
  ['DELETE', '', undefined],
] as const

/** Every write of a task, each of a new one. */
async function eachWrite(
  api: Client,
  headersFor: (etag: string) => Record<string, string>,
  look: (answer: Awaited<ReturnType<Client['ask']>>, etag: string, what: string, path: string) => unknown,
): Promise<void> {
  for (const [method, below, body] of WRITES) {
    const { path, etag } = await api.make({ status: 'done' })
    const headers = { 'Content-Type': 'application/json', ...headersFor(etag) }
    await look(await api.ask(method, `${path}${below}`, { headers, body: body && JSON.stringify(body) }), etag, `${method} ${below}`, path)
  }
}

const isGood = (status: number): boolean => status === 200 || status === 204

describe('conditional requests', () => {
  it(
    'COND-01 reads and writes carry a strong tag of the latest change, which no other state ever has',
    serving({}, async (api) => {
      const { path, etag } = await api.make()
      const seen = [etag]
      expect(etag).to.match(/^"\d+"$/)
      for (const title of ['b', 'Buy milk', 'b', 'Buy milk']) {
        const { headers } = await api.patch(path, { title })
        expect((await api.get(path)).headers['etag']).to.equal(headers['etag'])
        seen.push(headers['etag'] ?? '')
      }
      seen.push((await api.make()).etag, (await api.make()).etag)
      expect(new Set(seen)).to.have.property('size', seen.length)
      expect((await api.delete(path)).headers['etag']).to.equal(undefined)
      await eachWrite(
        api,
        () => ({}),
        ({ status, headers }, _, what) => expect(headers['etag'] === undefined, what).to.equal(status === 204),
      )
    }),
  )

  it(
    'COND-02 a stale or weak tag is 412 on every write, with the tag and the task as they are now, even where nothing would change',
    serving({}, async (api) => {
      for (const stale of [(_: string) => '"0"', (etag: string) => `W/${etag}`, () => '"0", "00"', () => '"*"']) {
        await eachWrite(
          api,
          (etag) => ({ 'If-Match': stale(etag) }),
          async (answer, etag, what, path) => {
            expect([problemIn(answer), answer.headers['etag']], what).to.deep.equal(['precondition-failed', etag])
            expect(JSON.parse(answer.body).current, what).to.deep.equal(JSON.parse((await api.get(path)).body))
          },
        )
      }
      const { path, task } = await api.make()
      expect(problemIn(await api.patch(path, {}, { headers: { 'If-Match': '"0"', 'Content-Type': 'application/json' } }))).to.equal('precondition-failed')
      const other = await api.make()
      const crossed = await api.patch(path, { title: 'x' }, { headers: { 'If-Match': other.etag, 'Content-Type': 'application/json' } })
      expect(JSON.parse(crossed.body).current).to.deep.equal(task)
    }),
  )

  it(
    'COND-03 If-Match is * or a list of tags of which one is current; anything else is 400',
    serving({}, async (api) => {
      for (const match of [
        (etag: string) => etag,
        () => '*',
        (etag: string) => `"a", ${etag}`,
        (etag: string) => `,, ${etag} ,W/"b",`,
        (etag: string) => `${'"a",'.repeat(1500)}${etag}`,
      ]) {
        await eachWrite(
          api,
          (etag) => ({ 'If-Match': match(etag) }),
          ({ status }, _, what) => expect(isGood(status), what).to.equal(true),
        )
      }
      for (const malformed of ['1', '', ',', '"a" "b"', '"a', 'a"', '*, "a"', '"a", *', 'w/"a"', 'W/', "'a'", '"a"x', '"a b"', '""a']) {
        await eachWrite(
          api,
          () => ({ 'If-Match': malformed }),
          (answer, _, what) => expect(problemIn(answer), `${what} ${malformed}`).to.equal('malformed-header'),
        )
      }
    }),
  )

  it(
    'COND-04 If-None-Match on a read is 304 where a tag matches by weak comparison, or is *',
    serving({}, async (api) => {
      const { path, etag } = await api.make()
      for (const known of [etag, `W/${etag}`, '*', `"a", ${etag}`]) {
        for (const method of ['GET', 'HEAD']) {
          const answer = await api.ask(method, path, { headers: { 'If-None-Match': known } })
          expect([answer.status, answer.headers['etag'], answer.headers['cache-control'], answer.body], known).to.deep.equal([
            304,
            etag,
            'private, no-cache',
            '',
          ])
        }
      }
      expect((await api.get(path, { headers: { 'If-None-Match': '"0"' } })).status).to.equal(200)
      expect(problemIn(await api.get(path, { headers: { 'If-None-Match': '1' } }))).to.equal('malformed-header')
      await api.patch(path, { title: 'x' })
      expect((await api.get(path, { headers: { 'If-None-Match': etag } })).status).to.equal(200)
      expect(problemIn(await api.get(path, { as: 'bob', headers: { 'If-None-Match': '*' } }))).to.equal('not-found')
    }),
  )

  it(
    'COND-05 If-None-Match on a write is 412 where it matches; of a task that is not there 404',
    serving({}, async (api) => {
      for (const none of [(etag: string) => etag, (etag: string) => `W/${etag}`, () => '*']) {
        await eachWrite(
          api,
          (etag) => ({ 'If-None-Match': none(etag), 'If-Match': etag }),
          (answer, _, what) => expect(problemIn(answer), what).to.equal('precondition-failed'),
        )
      }
      await eachWrite(
        api,
        () => ({ 'If-None-Match': '"0"' }),
        ({ status }, _, what) => expect(isGood(status), what).to.equal(true),
      )
      expect(problemIn(await api.put('/api/tasks/00000000-0000-4000-8000-000000000000', { title: 'x' }, { headers: { 'If-None-Match': '*' } }))).to.equal(
        'not-found',
      )
    }),
  )

  it(
    'COND-08 If-Unmodified-Since before the second of the latest change is 412, unless If-Match says otherwise; one that is no date is not there',
    serving({}, async (api) => {
      // The clock of the tests begins at nine and goes on by milliseconds.
      const past = 'Tue, 24 Nov 2026 08:59:59 GMT'
      for (const date of [past, 'Tuesday, 24-Nov-26 08:59:59 GMT', 'Tue Nov 24 08:59:59 2026', 'Sun Nov  1 23:59:59 2026']) {
        await eachWrite(
          api,
          () => ({ 'If-Unmodified-Since': date }),
          (answer, _, what) => expect(problemIn(answer), `${what} ${date}`).to.equal('precondition-failed'),
        )
      }
      for (const headers of [
        (etag: string) => ({ 'If-Unmodified-Since': past, 'If-Match': etag }),
        () => ({ 'If-Unmodified-Since': 'Tue, 24 Nov 2026 09:00:00 GMT' }),
        () => ({ 'If-Unmodified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' }),
        () => ({ 'If-Unmodified-Since': 'Tue Nov 24 09:00:00 2026' }),
        () => ({ 'If-Unmodified-Since': 'yesterday' }),
      ]) {
        await eachWrite(api, headers, ({ status }, _, what) => expect(isGood(status), what).to.equal(true))
      }
    }),
  )

  it('COND-06 of fifty simultaneous writes with one tag exactly one succeeds', async function () {
    this.timeout(120_000)
    await serving({}, async (api) => {
      for (let round = 0; round < figure(20); round++) {
        const { path, etag } = await api.make()
        const headers = { 'If-Match': etag, 'Content-Type': 'application/json' }
        const race = await Promise.all(Array.from({ length: 50 }, (_, at) => api.patch(path, { title: `r${at}` }, { headers })))
        const won = race.filter(({ status }) => status === 200)
        expect([won.length, race.filter(({ status }) => status === 412).length]).to.deep.equal([1, 49])
        expect((await api.get(path)).body).to.equal(won[0]?.body)
      }
    })()
  })

  it(
    'COND-07 where the server wants If-Match, every write of a task without it is 428, and a creation is not',
    serving({ settings: { requireIfMatch: true } }, async (api) => {
      await eachWrite(
        api,
        () => ({}),
        (answer, _, what) => expect(problemIn(answer), what).to.equal('precondition-required'),
      )
      await eachWrite(
        api,
        (etag) => ({ 'If-Match': etag }),
        ({ status }, _, what) => expect(isGood(status), what).to.equal(true),
      )
      expect(problemIn(await api.patch('/api/tasks/x', {}))).to.equal('not-found')
    }),
  )

  it(
    'COND-02 PERM-04 a token that may not read gets the tag with 412, and no task',
    serving({}, async (api) => {
      const { path, etag } = await api.make()
      const answer = await api.delete(path, { as: tokenOf('ada', 'tasks:write'), headers: { 'If-Match': '"0"' } })
      expect([problemIn(answer), answer.headers['etag'], 'current' in JSON.parse(answer.body)]).to.deep.equal(['precondition-failed', etag, false])
    }),
  )
})

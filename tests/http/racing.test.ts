import { expect } from 'chai'
import { describe, it } from 'mocha'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { createIds } from '../../src/adapters/system/ids.ts'
import { figure } from '../contracts/opened-store.ts'
import { storesUnderTest } from '../databases.ts'
import { type Answer, Client, problemIn } from './client.ts'

const SIMULTANEOUS = 50

describe('racing', function () {
  this.timeout(300_000)

  for (const { name, open } of storesUnderTest) {
    const racing = (race: (api: Client, atOnce: (ask: (n: number) => Promise<Answer>) => Promise<Answer[]>) => Promise<void>) => async () => {
      const { store, close } = await open()
      const ports = { tasks: store, clock: systemClock, ids: createIds(), quota: { tasks: 100_000, bytes: 1e9 }, underWay: new Set<string>() }
      const api = new Client({ ports })
      await api.listen()
      try {
        await race(api, (ask) => Promise.all(Array.from({ length: SIMULTANEOUS }, (_, n) => ask(n))))
      } finally {
        await api.stop()
        await close()
      }
    }

    it(
      `COND-06 ${name}: of fifty simultaneous patches with one tag one is 200 and all others 412, ${figure(200)} times`,
      racing(async (api, atOnce) => {
        let { path, etag } = await api.make()
        for (let round = 0; round < figure(200); round++) {
          const answers = await atOnce((n) => api.patch(path, { title: `${round} ${n}` }, { headers: { 'If-Match': etag } }))
          const won = answers.filter(({ status }) => status === 200)
          expect(won, `round ${round}`).to.have.length(1)
          expect(answers.filter((answer) => problemIn(answer) === 'precondition-failed')).to.have.length(SIMULTANEOUS - 1)
          const now = await api.get(path)
          expect(now.body).to.equal(won[0]?.body)
          etag = now.headers['etag'] ?? ''
        }
      }),
    )

    it(
      `IDEM-05 ${name}: of fifty simultaneous creations with one key there is one task, ${figure(100)} times`,
      racing(async (api, atOnce) => {
        for (let round = 1; round <= figure(100); round++) {
          const answers = await atOnce(() => api.post('/api/tasks', { title: `round ${round}` }, { headers: { 'Idempotency-Key': `key-${round}` } }))
          const made = answers.filter(({ status }) => status === 201)
          expect(made.length, `round ${round}`).to.be.at.least(1)
          expect(new Set(made.map(({ body, headers }) => body + headers['etag'])).size).to.equal(1)
          expect(answers.filter((answer) => problemIn(answer) === 'idempotency-key-in-progress').length).to.equal(SIMULTANEOUS - made.length)
          const { items } = JSON.parse((await api.get('/api/tasks?limit=100')).body)
          expect(items.filter(({ title }: { title: string }) => title === `round ${round}`)).to.have.length(1)
        }
      }),
    )
  }
})

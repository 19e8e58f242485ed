import { expect } from 'chai'
import { MEASURED, tokenFor } from '../figures/measuring.ts'
import { openRelay } from '../relay.ts'
import { createClient } from './client.ts'
import { failuresIn, type Paced, pace } from './paced.ts'
import { type Server, startServer } from './process.ts'

/** One server after the other serves behind a balancer, while so many requests a second come, reads and writes in turn. @param resting milliseconds between two hand-overs */
export async function handOver(DATABASE_URL: string, { rate, times, resting }: { readonly rate: number; readonly times: number; readonly resting: number }) {
  const begin = (): Promise<Server> => startServer({ ...MEASURED, DATABASE_URL })
  let server = await begin()
  const relay = await openRelay(() => [Number(new URL(server.url).port)])
  const client = createClient(`http://127.0.0.1:${relay.port}`, tokenFor('ada'), 32)
  const pacing = pace(rate, (at) => (at % 2 === 0 ? client.send('GET', '/api/tasks') : client.send('POST', '/api/tasks', { title: 'handed over' })))
  const ends: number[] = []
  let all: readonly Paced[] = []
  try {
    for (let time = 0; time < times; time++) {
      const before = server
      server = await begin()
      const told = performance.now()
      before.signal('SIGTERM')
      const { code, stderr } = await before.ended
      expect(code, stderr).to.equal(0)
      ends.push(performance.now() - told)
      await new Promise((resolve) => setTimeout(resolve, resting))
    }
  } finally {
    all = await pacing.stop()
    client.close()
    await relay.close()
  }
  return { all, failures: failuresIn(all, [200, 201]), ends }
}

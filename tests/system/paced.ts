import type { Client, Exchange } from './client.ts'

/** What came of one request, and when it was begun (of the process) and after how many milliseconds it was over. */
export interface Paced {
  readonly exchange: Exchange
  readonly begun: number
  readonly ms: number
}

export interface Pacing {
  /** No more are begun. @returns what came of all, in the order of their beginning */
  stop(): Promise<readonly Paced[]>
}

/** Begins so many a second, whatever becomes of those before. @param ask given the number of the request */
export function pace(rate: number, ask: (at: number) => ReturnType<Client['send']>): Pacing {
  const first = performance.now()
  const all: Promise<Paced>[] = []
  const one = async (begun: number): Promise<Paced> => {
    const exchange = await ask(all.length)
    return { exchange, begun, ms: performance.now() - begun }
  }
  const timer = setInterval(() => {
    for (const due = ((performance.now() - first) / 1_000) * rate; all.length < due; ) all.push(one(performance.now()))
  }, 5)
  return {
    stop() {
      clearInterval(timer)
      return Promise.all(all)
    },
  }
}

/** Those that were not answered whole with one of the statuses. */
export const failuresIn = (all: readonly Paced[], statuses: readonly number[]): readonly Exchange[] =>
  all.map(({ exchange }) => exchange).filter((exchange) => 'failed' in exchange || !exchange.whole || !statuses.includes(exchange.status))

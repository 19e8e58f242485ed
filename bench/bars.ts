import type { Figures } from './measure.ts'
import type { Results } from './results.ts'
import { BARE, FASTAPI, FASTIFY, TASKWARD } from './servers.ts'

/** One thing that Taskward is held to, and what came out. */
export interface Bar {
  readonly what: string
  readonly bar: string
  readonly measured: string
  readonly holds: boolean
}

type Some = Partial<Results>

const atLeast = (what: string, least: number, against: string, measured: number): Bar => ({
  what,
  bar: `≥ ${least} × ${against}`,
  measured: measured.toFixed(2),
  holds: measured >= least,
})

const atMost = (what: string, most: number, unit: string, measured: number, places = 2): Bar => ({
  what,
  bar: `≤ ${most} ${unit}`,
  measured: measured.toFixed(places),
  holds: measured <= most,
})

/** Bars of which nothing was measured are left out. */
export const barsOf = (results: Some): readonly Bar[] => [...against(results), ...tails(results), ...growth(results), ...alone(results)]

function against({ sideBySide = [] }: Some): readonly Bar[] {
  const of = (load: string, server: string): Figures | undefined => sideBySide.find((row) => row.workload === load && row.server === server)?.medians
  const ratio = (load: string, figure: 'rate' | 'server', other: string, otherLoad = load): number =>
    (of(load, TASKWARD.name)?.[figure] ?? Number.NaN) / (of(otherLoad, other)?.[figure] ?? Number.NaN)
  if (sideBySide.length === 0) return []
  const bare = BARE.name
  return [
    atLeast('page of 20', 0.85, 'bare', ratio('page', 'rate', bare)),
    atLeast('page of 20, of an owner that was not told one before', 0.85, 'bare', ratio('page anew', 'rate', bare)),
    atLeast('page of 20', 2, FASTIFY.name, ratio('page', 'rate', FASTIFY.name)),
    ...(of('page', FASTAPI.name) === undefined ? [] : [atLeast('page of 20', 20, FASTAPI.name, ratio('page', 'rate', FASTAPI.name))]),
    atLeast('one task', 0.75, 'bare', ratio('get', 'rate', bare)),
    atLeast('create, with an Idempotency-Key', 0.65, 'bare plain insert', ratio('create with key', 'rate', bare)),
    atLeast('create, without one', 0.65, 'bare plain insert', ratio('create', 'rate', bare)),
    atLeast('patch with If-Match', 0.6, 'bare', ratio('patch', 'rate', bare)),
    atLeast('mix of 60/20/10/10', 2, FASTIFY.name, ratio('mix', 'rate', FASTIFY.name)),
    ...(['page', 'get', 'create'] as const).map((load) => atMost(`CPU of Node, ${load}`, 1.5, '× bare', ratio(load, 'server', bare))),
  ]
}

function tails({ pools = [], paced = [], crowds = [] }: Some): readonly Bar[] {
  const bare = pools.filter(({ server }) => server === BARE.name).map(({ medians }) => medians.p99)
  const ours = pools.find(({ server, pool }) => server === TASKWARD.name && pool === Math.max(...pools.map((one) => one.pool)))
  const spread = (name: string): number => paced.find(({ server }) => server === name)?.spread ?? Number.NaN
  const rate = (connections: number): number =>
    crowds.find((one) => one.server === TASKWARD.name && one.connections === connections)?.medians.rate ?? Number.NaN
  return [
    ...(ours === undefined ? [] : [atMost(`page p99, pool of ${ours.pool}`, 1.3, '× bare with its best pool', ours.medians.p99 / Math.min(...bare))]),
    ...(paced.length === 0 ? [] : [atMost('p99 ÷ p50 at 70 % of the peak', 1.5, "× the bare server's", spread(TASKWARD.name) / spread(BARE.name))]),
    ...(crowds.length === 0 ? [] : [atLeast('512 connections', 0.8, '16 connections', rate(512) / rate(16))]),
  ]
}

function growth({ sizes = [], depths = [], lists = [], owners = [] }: Some): readonly Bar[] {
  const [smallest, largest] = [sizes[0], sizes.at(-1)]
  const [first, last] = [depths[0], depths.at(-1)]
  const slowest = lists.filter(({ tasks }) => tasks === lists.at(-1)?.tasks).toSorted((a, b) => b.p99 - a.p99)[0]
  const search = owners.at(-1)
  return [
    ...(smallest === undefined || largest === undefined
      ? []
      : [atMost(`page p50, ${largest.tasks.toLocaleString('en')} tasks`, 1.3, `× ${smallest.tasks.toLocaleString('en')}`, largest.p50 / smallest.p50)]),
    ...(first === undefined || last === undefined ? [] : [atMost(`page ${last.page.toLocaleString('en')}, p50`, 1.2, '× page 1', last.p50 / first.p50)]),
    ...(slowest === undefined
      ? []
      : [
          atMost(`owner of ${slowest.tasks.toLocaleString('en')}, slowest list (${slowest.filter || 'all'} by ${slowest.sort}), p99`, 50, 'ms', slowest.p99, 0),
        ]),
    ...(search === undefined ? [] : [atMost('owner of 100,000, search of a rare word and one in fifty, p99', 250, 'ms', search.search.p99, 0)]),
  ]
}

function alone({ token, embedded, starts, memory }: Some): readonly Bar[] {
  return [
    ...(token === undefined
      ? []
      : [atMost('token check, cached', 5, 'µs', token.cached, 1), atMost('token check, first time', 1.2, '× jose alone', token.first / token.jose)]),
    ...(embedded === undefined
      ? []
      : [
          atLeast('page, embedded', 0.7, 'PGlite alone', embedded.rate / embedded.query),
          atLeast('page, embedded', 0.7, 'PGlite alone, prepared as it is here', embedded.rate / embedded.prepared),
          atMost('start to first answer, embedded', 1.5, 's', embedded.opened / 1_000),
        ]),
    ...(starts === undefined ? [] : [atMost('start to first answer, PostgreSQL', 0.7, 's', starts.server / 1_000)]),
    ...(memory === undefined
      ? []
      : [atMost('memory after 200,000 requests', 160, 'MB', memory.last, 0), atMost('its slope, last half', 5, 'MB each 100,000 requests', memory.slope, 1)]),
  ]
}

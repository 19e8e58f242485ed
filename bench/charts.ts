import { bars, lines } from './chart.ts'
import type { Results } from './results.ts'
import type { Row } from './side-by-side.ts'
import { WORKLOADS } from './workloads.ts'

/** The pictures of a run, by the name of their file. */
export function chartsOf(results: Partial<Results>): ReadonlyMap<string, string> {
  const charts = new Map<string, string>()
  const { sideBySide, sizes, depths, owners, lists = [], crowds, pools, memory, workers } = results
  if (sideBySide !== undefined) {
    const beside = (title: string, axis: string, of: (row: Row) => number): string => bars({ title, axis, groups: WORKLOADS, series: seriesOf(sideBySide, of) })
    charts.set(
      'throughput',
      beside('Throughput beside others, 16 connections', 'requests a second, as a share of the bare server', ({ ratios }) => middle(ratios)),
    )
    charts.set(
      'processor',
      beside('Processor time of the server', 'milliseconds a request', ({ medians }) => medians.server),
    )
    charts.set(
      'database',
      beside('Processor time of the database', 'milliseconds a request', ({ medians }) => medians.database),
    )
  }
  if (sizes !== undefined) {
    const of = (figure: 'p50' | 'p99') => ({ name: figure, points: sizes.map((one) => [one.tasks, one[figure]] as const) })
    charts.set(
      'sizes',
      lines({ title: 'A page, as the database grows', axis: 'milliseconds, one at a time', across: 'tasks in the database', series: [of('p50'), of('p99')] }),
    )
  }
  if (depths !== undefined) {
    const of = (figure: 'p50' | 'p99') => ({ name: figure, points: depths.map((one) => [one.page, one[figure]] as const) })
    charts.set(
      'depths',
      lines({ title: 'Page 1 to page 1,000', axis: 'milliseconds, one request at a time', across: 'page of 20', series: [of('p50'), of('p99')] }),
    )
  }
  if (owners !== undefined) {
    const of = (name: 'page' | 'search', figure: 'p50' | 'p99') => ({
      name: `${name}, ${figure}`,
      points: owners.map((one) => [one.tasks, one[name][figure]] as const),
    })
    const slowest = owners.map(({ tasks }) => [tasks, Math.max(...lists.filter((list) => list.tasks === tasks).map(({ p99 }) => p99))] as const)
    const ofLists = lists.length === 0 ? [] : [{ name: 'slowest filter and sort, p99', points: slowest }]
    const series = [of('page', 'p50'), of('page', 'p99'), of('search', 'p50'), of('search', 'p99'), ...ofLists]
    charts.set('owners', lines({ title: 'By what an owner has', axis: 'milliseconds, one request at a time', across: 'tasks of the owner', series }))
  }
  if (crowds !== undefined) {
    const series = ['bare', 'Taskward'].map((name) => ({
      name,
      points: crowds.filter(({ server }) => server === name).map(({ connections, medians }) => [connections, medians.rate] as const),
    }))
    charts.set('connections', lines({ title: 'Pages by many at once', axis: 'pages a second', across: 'connections', series }))
  }
  for (const [file, found, where] of [
    ['pools', pools, ''],
    ['pools-far', results.farPools, ', 5 ms away'],
  ] as const) {
    if (found === undefined) continue
    const series = ['bare', 'Taskward'].map((name) => ({
      name,
      points: found.filter(({ server }) => server === name).map(({ pool, medians }) => [pool, medians.p99] as const),
    }))
    const axis = `p99 of a page in milliseconds, 16 connections, database${where || ' on the same machine'}`
    charts.set(file, lines({ title: 'The tail, by connections to the database', axis, across: 'connections to the database', series }))
  }
  if (memory !== undefined) {
    const points = memory.seen.map(({ requests, memory }) => [requests, memory] as const)
    charts.set(
      'memory',
      lines({ title: 'Memory', axis: 'megabytes resident', across: 'requests answered', series: [{ name: 'Taskward', points }], byFactors: false }),
    )
  }
  if (workers !== undefined) {
    const series = (['page', 'create'] as const).map((name) => ({ name, points: workers.map((one) => [one.workers, one[name]] as const) }))
    charts.set('workers', lines({ title: 'More server processes', axis: 'requests a second, 16 connections', across: 'processes', series, byFactors: false }))
  }
  return charts
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

function seriesOf(rows: readonly Row[], of: (row: Row) => number) {
  const names = [...new Set(rows.map(({ server }) => server))]
  const value = (load: string, name: string): number => {
    const row = rows.find((one) => one.workload === load && one.server === name)
    return row === undefined ? Number.NaN : of(row)
  }
  return names.map((name) => ({ name, values: WORKLOADS.map((load) => value(load, name)) }))
}

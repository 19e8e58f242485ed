import { readdirSync, readFileSync } from 'node:fs'
import { type Load, run, type Seen } from './load.ts'

/** What was measured of one server under one load. */
export interface Figures {
  /** Answers a second. */
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Milliseconds of processor time a request: the server's, the database's, the generator's. */
  readonly server: number
  readonly database: number
  readonly generator: number
  /** Megabytes that the server holds in memory at the end. */
  readonly memory: number
  /** Answers of status 400 and above, connections lost. */
  readonly failed: number
}

export async function measured(load: Load, server: number, database: number): Promise<Figures> {
  const before = [processorOf(server), processorOf(database)] as const
  const seen: Seen = await run(load)
  const each = (seconds: number): number => (1_000 * seconds) / seen.requests
  return {
    rate: seen.requests / seen.seconds,
    p50: seen.p50,
    p99: seen.p99,
    server: each(processorOf(server) - before[0]),
    database: each(processorOf(database) - before[1]),
    generator: each(seen.processor),
    memory: memoryOf(server),
    failed: seen.failed + seen.lost,
  }
}

/** The fields of proc(5) `stat` from the third on, for the name before them may hold anything; none where the process has ended. */
function statOf(pid: number): readonly number[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat
      .replace(/^.*\) /, '')
      .split(' ')
      .map(Number)
  } catch {
    return []
  }
}

/** A process and all that came from it. */
function familyOf(pid: number): readonly number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const children = Map.groupBy(all, (one) => statOf(one)[1])
  const family = [pid]
  for (const one of family) family.push(...(children.get(one) ?? []))
  return family
}

/** Seconds of processor time of a process and its children; of those that ended the parent has it, which is looked at last. */
export function processorOf(pid: number): number {
  const sum = (pid: number, from: number, to: number): number =>
    statOf(pid)
      .slice(from, to)
      .reduce((all, ticks) => all + ticks, 0)
  const [, ...children] = familyOf(pid)
  const theirs = children.reduce((all, child) => all + sum(child, 11, 13), 0)
  return (theirs + sum(pid, 11, 15)) / 100
}

/** Megabytes resident of a process and its children. */
export const memoryOf = (pid: number): number => familyOf(pid).reduce((all, one) => all + (statOf(one)[21] ?? 0) * PAGE, 0) / 2 ** 20

/** Bytes of a page of memory, on the machines that this runs on. */
const PAGE = 4096

/** The least that so much of them does not exceed. */
export function quantile(figures: readonly number[], part: number): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}

export const median = (figures: readonly number[]): number => quantile(figures, 0.5)

/** Of each figure its median over the rounds. */
export function medians(rounds: readonly Figures[]): Figures {
  const of = (name: keyof Figures): number => median(rounds.map((round) => round[name]))
  return {
    rate: of('rate'),
    p50: of('p50'),
    p99: of('p99'),
    server: of('server'),
    database: of('database'),
    generator: of('generator'),
    memory: of('memory'),
    failed: rounds.reduce((all, { failed }) => all + failed, 0),
  }
}

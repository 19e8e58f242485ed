import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { LONG, ROOT } from '../system/process.ts'
import type { Outage } from './holding-out.ts'

/** The figures of the latest run, one a line. */
const FILE = join(ROOT, '.tmp/fire-figures.txt')

/** What a test saw: printed beneath its title, and kept where it is a long one. */
export function report(line: string): void {
  process.stdout.write(`      ${line}\n`)
  if (!LONG) return
  mkdirSync(join(FILE, '..'), { recursive: true })
  appendFileSync(FILE, `${line}\n`)
}

/** What was seen of a fault, and after how many milliseconds it was over. */
export function told(fault: string, { outage, known }: Partial<Outage>, recovery: number): void {
  const figures = [
    ...(outage === undefined ? [] : [`503 within ${outage.toFixed(0)} ms`]),
    ...(known === undefined ? [] : [`what needs no database within ${known.toFixed(0)} ms`]),
    `back after ${recovery.toFixed(0)} ms`,
  ]
  report(`${fault}: ${figures.join(', ')}`)
}

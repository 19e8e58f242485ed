import { readFileSync } from 'node:fs'
import { tokenOf } from '../adapters/jwt/tokens.ts'
import type { Environment } from '../system/process.ts'

const SECRET = 'q'.repeat(32)

/** A server that takes the tokens of `tokenFor`. */
export const MEASURED: Environment = { AUTH_SECRET: SECRET }

/** Good for an hour. */
export function tokenFor(sub: string): string {
  const iat = Math.floor(Date.now() / 1_000)
  return tokenOf(Buffer.from(SECRET), { sub, iat, exp: iat + 3_600 }, { alg: 'HS256' }, 'HS256')
}

/** What a test measured, for the report. */
export const told = (what: string): void => void process.stdout.write(`      ${what}\n`)

/** Bytes that a process holds in memory now. */
export const residentOf = (pid: number): number => 1_024 * Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** Seconds of processor time that a process has used so far, in user and system mode (proc(5), `stat`, in hundredths). */
export function processorOf(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}

/** The least that so much of them does not exceed. */
export function quantile(figures: readonly number[], part: number): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}

export const median = (figures: readonly number[]): number => quantile(figures, 0.5)

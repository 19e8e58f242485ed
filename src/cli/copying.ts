import { parseArgs } from 'node:util'
import { CannotStart } from '../config/cannot-start.ts'

/** Milliseconds between two lines. */
const PAUSE = 1_000

/** The one name, and the options that are known, each with a value. @throws {CannotStart} */
export function fileAndOptions<Name extends string>(usage: string, names: readonly Name[]): { readonly file: string } & { readonly [name in Name]?: string } {
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]))
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const [file, ...others] = positionals
    if (file === undefined || file === '' || others.length > 0) throw new TypeError('one FILE is wanted')
    return { file, ...values }
  } catch (error) {
    throw new CannotStart([`${error instanceof Error ? error.message.split('\n')[0] : error}; it is ${usage}`], error)
  }
}

interface Count {
  readonly rows: number
  readonly owners: number
  readonly of: number
}

/** Tells on standard error how far it is, a line each second, and at the end (BACKUP-05). */
export function progress(done: string) {
  const began = performance.now()
  let last: Count = { rows: 0, owners: 0, of: 0 }
  let told = began
  const print = (): boolean => process.stderr.write(`${done} ${last.rows} rows, ${last.owners} of ${last.of} owners, ${seconds(began)} s\n`)
  return {
    tell(count: Count): void {
      last = count
      if (performance.now() - told < PAUSE) return
      told = performance.now()
      print()
    },
    warn: (what: string): void => void process.stderr.write(`${what}\n`),
    done: print,
  }
}

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1)

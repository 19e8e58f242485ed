import { type Fault, fault } from './fault.ts'
import { SECRETS } from './table.ts'

/** As a process has it: names and texts. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A path to the text of that file; throws what the file system throws, and where it is no text. */
export type ReadFile = (path: string) => string

/** The environment with each `NAME_FILE` read into its `NAME`. The line end that editors leave is no part of a secret. */
export function withSecretFiles(environment: Environment, readFile: ReadFile, faults: Fault[]): Environment {
  const read: Record<string, string> = {}
  for (const name of SECRETS) {
    const path = environment[`${name}_FILE`]
    if (path === undefined) continue
    if (environment[name] !== undefined) faults.push(fault([name, `${name}_FILE`], 'cannot be set together'))
    try {
      read[name] = readFile(path).replace(/\r?\n$/, '')
    } catch {
      faults.push(fault([`${name}_FILE`], 'must be the path of a file that can be read, of text in UTF-8'))
    }
  }
  return { ...environment, ...read }
}

import { readFileSync } from 'node:fs'
import { decodeSettings, type Settings } from '../config.ts'
import { CannotStart } from './cannot-start.ts'
import { printFault } from './fault.ts'

/** The settings of this process. @throws {CannotStart} with a line for each fault */
export function loadSettings(): Settings {
  const decoded = decodeSettings(process.env, (path) => readFileSync(path, 'utf8'))
  if (decoded.ok) return decoded.settings
  throw new CannotStart(decoded.faults.map(printFault))
}

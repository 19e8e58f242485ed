import { readFileSync } from 'node:fs'
import { TextDecoder } from 'node:util'
import { decodeSettings, type Settings } from '../config.ts'
import { CannotStart } from './cannot-start.ts'
import { printFault } from './fault.ts'

/** The settings of this process. @throws {CannotStart} with a line for each fault */
export function loadSettings(): Settings {
  const decoded = decodeSettings(process.env, (path) => UTF8.decode(readFileSync(path)))
  if (decoded.ok) return decoded.settings
  throw new CannotStart(decoded.faults.map(printFault))
}

/** Bytes that are no text throw: what stands for them otherwise is the same for all, and a secret made of it is none. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

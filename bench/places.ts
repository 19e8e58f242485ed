import { join } from 'node:path'

export const BENCH = import.meta.dirname
export const ROOT = join(BENCH, '..')
/** What may be thrown away: databases, logs, requests. */
export const DATA = join(BENCH, '.data')
export const RESULTS = join(BENCH, 'results')
export const NODE = join(ROOT, 'node_modules/.bin/node')

import { type DestinationStream, type Level, type Logger, pino } from 'pino'
import type { Observation, Tell } from '../../application/observation.ts'
import { describeCause } from './cause.ts'

export interface Log {
  readonly tell: Tell
  /** Writes what is still in memory; call it before the process ends. */
  readonly flush: () => void
}

/**
 * Lines of JSON on standard error: standard output belongs to the `curl` line and the ready line, which people paste and programs wait for.
 * @param level one of pino's, or `silent`
 * @param pid the id that each line carries, where several processes write to one place
 */
export function openLog(level: string, pid?: number): Log {
  // Not synchronous: a reader that is slow must not hold up requests. And together: each write by itself costs a request a sixth of its time.
  // A pipe takes 4 KB in one piece or not at all, so lines of several processes do not mix.
  const destination = pino.destination({ fd: 2, sync: false, minLength: 2_048, maxWrite: 4_096, periodicFlush: 50 })
  return { tell: listen(createLogger(level, destination, pid)), flush: () => destination.flushSync() }
}

export const createLogger = (level: string, destination: DestinationStream, pid?: number): Logger =>
  pino({ level, base: pid === undefined ? null : { pid }, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: escapeControls } }, destination)

/** JSON leaves these as they are, and a terminal may obey them (LOG-02); outside strings a line never holds one. */
const escapeControls = (text: string): string => text.replace(/[\x7f-\x9f\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The log as a listener. What it tells of a request was made to be told: pattern, never path; pseudonym, never owner. */
export const listen =
  (logger: Logger): Tell =>
  (observation) =>
    write(logger, observation)

/** How much each kind matters: a new kind does not compile until it stands here. */
const LEVELS = {
  listening: 'info',
  answered: 'info',
  failed: 'error',
  'key-set-fetched': 'info',
  'key-set-failed': 'warn',
  migrated: 'info',
  warned: 'warn',
  'worker-started': 'info',
  'worker-ended': 'error',
  stopping: 'info',
  stopped: 'info',
  'due-work-done': 'info',
} as const satisfies Record<Observation['kind'], Level>

function write(logger: Logger, observation: Observation): void {
  const { kind, ...rest } = observation
  logger[LEVELS[kind]](fieldsOf(observation) ?? rest, kind)
}

/** Of the kinds that are not told as they are. */
function fieldsOf(observation: Observation): object | undefined {
  if (observation.kind === 'failed') return { id: observation.requestId, cause: describeCause(observation.cause) }
  if (observation.kind !== 'answered') return undefined
  const { milliseconds, ...request } = observation.request
  return { ...request, ms: Math.round(milliseconds * 1000) / 1000 }
}

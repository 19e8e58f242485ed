import { type DestinationStream, type Logger, pino } from 'pino'
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
 */
export function openLog(level: string): Log {
  // Not synchronous: a reader that is slow must not hold up requests.
  const destination = pino.destination({ fd: 2, sync: false })
  return { tell: listen(createLogger(level, destination)), flush: () => destination.flushSync() }
}

export const createLogger = (level: string, destination: DestinationStream): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: escapeControls } }, destination)

/** JSON leaves these as they are, and a terminal may obey them (LOG-02); outside strings a line never holds one. */
const escapeControls = (text: string): string => text.replace(/[\x7f-\x9f\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The log as a listener. What it tells of a request was made to be told: pattern, never path; pseudonym, never owner. */
export const listen =
  (logger: Logger): Tell =>
  (observation) =>
    write(logger, observation)

function write(logger: Logger, observation: Observation): void {
  switch (observation.kind) {
    case 'answered': {
      const { milliseconds, ...request } = observation.request
      return logger[request.status < 500 ? 'info' : 'warn']({ ...request, ms: Math.round(milliseconds * 1000) / 1000 }, 'answered')
    }
    case 'failed':
      return logger.error({ id: observation.requestId, cause: describeCause(observation.cause) }, 'failed')
    case 'key-set-failed':
    case 'warned': {
      const { kind, ...rest } = observation
      return logger.warn(rest, kind)
    }
    case 'listening':
    case 'key-set-fetched':
    case 'due-work-done':
    case 'migrated':
    case 'stopping':
    case 'stopped': {
      const { kind, ...rest } = observation
      return logger.info(rest, kind)
    }
  }
}

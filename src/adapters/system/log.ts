import { type DestinationStream, type Level, type Logger, pino } from 'pino'
import type { AnsweredRequest, Observation, Tell } from '../../application/observation.ts'
import { describeCause } from './cause.ts'
import { Lines } from './lines.ts'

/** Bytes that are written together (LOG-03). */
const ALONE = 16_384
/** A pipe takes so many in one piece or not at all, so lines of several processes do not mix. */
const IN_ONE_PIECE = 4_096

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
  const most = pid === undefined ? ALONE : IN_ONE_PIECE
  // Not synchronous: a reader that is slow must not hold up requests.
  const destination = pino.destination({ fd: 2, sync: false, maxWrite: most })
  const lines = new Lines(destination, most)
  const flush = (): void => {
    lines.handOver()
    destination.flushSync()
  }
  process.once('exit', flush)
  return { tell: logTo(lines, level, pid), flush }
}

/** The log as a listener. What it tells of a request was made to be told: pattern, never path; pseudonym, never owner. */
export function logTo(destination: DestinationStream, level: string, pid?: number): Tell {
  const base = pid === undefined ? null : { pid }
  const logger = pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: escapeControls } }, destination)
  const tellsRequests = logger.isLevelEnabled('info')
  const head = pid === undefined ? '' : `"pid":${pid},`
  return (observation) => {
    if (observation.kind !== 'answered') write(logger, observation)
    else if (tellsRequests) destination.write(lineOf(observation.request, head))
  }
}

/** JSON leaves these as they are, and a terminal may obey them (LOG-02); outside strings a line never holds one. */
const escapeControls = (text: string): string => text.replace(/[\x7f-\x9f\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** How much each kind matters: a new kind does not compile until it stands here. */
const LEVELS = {
  listening: 'info',
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
} as const satisfies Record<Rare['kind'], Level>

type Rare = Exclude<Observation, { readonly kind: 'answered' }>

function write(logger: Logger, observation: Rare): void {
  const { kind, ...rest } = observation
  logger[LEVELS[kind]](observation.kind === 'failed' ? { id: observation.requestId, cause: describeCause(observation.cause) } : rest, kind)
}

/** As the logger prints it, which takes a seventh of a small request's time for what it finds out anew about each. */
function lineOf({ id, method, route, status, milliseconds, owner, problem, reason, trace }: AnsweredRequest, head: string): string {
  const ms = Math.round(milliseconds * 1000) / 1000
  const line = `{"level":30,"time":"${now()}",${head}"id":"${id}"${member('method', method)}${member('route', route)},"status":${status}`
  return escapeControls(
    `${line}${member('owner', owner)}${member('problem', problem)}${member('reason', reason)}${member('trace', trace)},"ms":${ms},"msg":"answered"}\n`,
  )
}

const member = (name: string, value: string | undefined): string => (value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`)

/** Printed once a millisecond. */
let [printedAt, printed] = [0, '']
function now(): string {
  const at = Date.now()
  if (at !== printedAt) [printedAt, printed] = [at, new Date(at).toISOString()]
  return printed
}

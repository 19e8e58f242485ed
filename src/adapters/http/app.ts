import type { ServerResponse } from 'node:http'
import Koa from 'koa'
import type { TokenVerifier } from '../../application/authentication.ts'
import type { Counts } from '../../application/counting.ts'
import type { Levels, Tell } from '../../application/observation.ts'
import type { Ports } from '../../application/ports.ts'
import type { Tracing } from '../../application/tracing.ts'
import type { Arrival } from './arrival.ts'
import { createAuthenticate } from './authenticate.ts'
import type { State } from './context.ts'
import { createCors } from './cors.ts'
import type { Docs } from './docs.ts'
import { exchange } from './exchange.ts'
import { createLimits } from './limits.ts'
import { limitInFlight, refuse } from './overload.ts'
import { createCursors, createSeal } from './paging.ts'
import { loadProblemPages } from './problem-pages.ts'
import { batchRoutes } from './routes/batch.ts'
import { completionRoutes } from './routes/completion.ts'
import { documentRoutes } from './routes/documents.ts'
import { healthRoutes } from './routes/health.ts'
import { historyRoutes } from './routes/history.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { createRouter, type Route } from './routes/route.ts'
import { summaryRoutes } from './routes/summary.ts'
import { syncRoutes } from './routes/sync.ts'
import { taskRoutes } from './routes/tasks.ts'
import { trashRoutes } from './routes/trash.ts'
import { unmatched } from './routes/unmatched.ts'
import { Streams } from './streams.ts'
import { traced } from './traced.ts'
import { createWalkCursors } from './walk-cursors.ts'

export interface HttpDeps {
  readonly ports: Ports
  readonly verifier: TokenVerifier
  /** The server's own, 32 bytes, the same in every process of one database: cursors and pseudonyms are made with it. */
  readonly secret: Uint8Array
  readonly counts: Counts
  readonly docs: Docs
  readonly settings: HttpSettings
  /** Whether the database answers. */
  readonly isReady: () => Promise<boolean>
  readonly tell: Tell
  /** All figures as they are now, in the text format of Prometheus; asked for only where `metricsToken` is set. */
  readonly metrics?: (() => Promise<string>) | undefined
  /** Undefined: nobody traces. */
  readonly tracing?: Tracing | undefined
}

/** The settings of specs/features/running.md that concern HTTP alone. */
export interface HttpSettings {
  readonly corsOrigins: readonly string[]
  readonly trustedProxies: number
  /** Requests a minute for one owner; 0 is off. */
  readonly rateLimit: number
  /** Requests at once, and open streams of all owners: both in this process. */
  readonly maxInFlight: number
  /** Of those in flight the ones that are worked on at the same time (OPS-24). */
  readonly atWork: number
  readonly maxStreams: number
  readonly requireIfMatch: boolean
  readonly metricsToken?: string | undefined
}

export interface App {
  /** Has a request answered. */
  readonly receive: (request: Arrival, response: ServerResponse) => void
  /** What the server answers, and all of it: the ownership matrix and the comparison with OpenAPI are made from this. */
  readonly routes: readonly Route[]
  readonly streams: Pick<Streams, 'stop'>
  readonly levels: Pick<Levels, 'inFlight' | 'streams'>
}

/**
 * Checks stand in the order of HTTP-30: framing, overload, route and method, then each route's own.
 * @param isStopping whether each answer is the last one on its connection
 */
export function createApp(deps: HttpDeps, isStopping: () => boolean = () => false): App {
  const { ports, verifier, secret, counts, docs, settings, isReady, tell, metrics, tracing } = deps
  const limits = createLimits(counts, settings.rateLimit, settings.trustedProxies)
  const cors = createCors(settings.corsOrigins)
  const streams = new Streams({ most: settings.maxStreams, counts, verifier, tell })
  const routes = [
    ...taskRoutes(ports, createCursors(secret), settings.requireIfMatch),
    ...completionRoutes(ports, settings.requireIfMatch),
    ...trashRoutes(ports, createSeal(secret)),
    ...batchRoutes(ports, settings.requireIfMatch, limits),
    ...historyRoutes(ports, createSeal(secret), settings.requireIfMatch),
    ...summaryRoutes(ports),
    ...syncRoutes(ports, createWalkCursors(secret), streams),
    ...healthRoutes(isReady),
    ...documentRoutes(docs, loadProblemPages()),
    ...(settings.metricsToken === undefined || metrics === undefined ? [] : metricsRoutes(settings.metricsToken, metrics, limits)),
  ]
  const router = createRouter(routes, createAuthenticate(verifier, limits, secret))
  const koa = new Koa<State>()
  if (tracing !== undefined) koa.use(traced(tracing))
  koa.use(exchange(cors, tell, isStopping))
  koa.use(refuse)
  koa.use(router.routes())
  koa.use(unmatched(cors, [...new Set(routes.map(({ method }) => method))]))
  // What a request ended with has its answer in `exchange`; what is left are connections that broke while they were written to.
  koa.silent = true
  const overload = limitInFlight(settings.maxInFlight, settings.atWork, routes, koa.callback())
  return { receive: overload.receive, routes, streams, levels: { inFlight: overload.inFlight, streams: () => streams.count } }
}

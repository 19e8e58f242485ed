import http from 'node:http'
import { Server } from 'node:net'
import { type App, createApp, type HttpDeps } from './app.ts'
import { Connections } from './connections.ts'
import { HEAD_LIMIT } from './framing.ts'
import type { Route } from './routes/route.ts'

export interface HttpServer {
  /** As many as were asked for, alike: which of them takes a connection makes no difference. */
  readonly servers: readonly [http.Server, ...http.Server[]]
  readonly routes: readonly Route[]
  readonly levels: App['levels']
  /**
   * From now on not ready and no new connections; what is under way is finished, kept-alive connections close as they fall idle.
   * @param graceSeconds after them what is still open is cut off
   */
  stop(graceSeconds: number): Promise<void>
}

/** Milliseconds and bytes (HTTP-13, HTTP-15). Headers in number are looked at in framing.ts: Node drops what is beyond its limit in silence. */
const OPTIONS: http.ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 250,
  keepAliveTimeout: 65_000,
  maxHeaderSize: HEAD_LIMIT,
  insecureHTTPParser: false,
  // Without this Node answers a missing Host itself, with no body.
  requireHostHeader: false,
}

/** Milliseconds in which a client takes nothing of its answer, after which, or after twice as many, its connection ends (OPS-16). What is open otherwise says something sooner. */
const STALLED = 30_000

/** Does not listen yet. @param listeners on one port: the engine takes one new connection of each for a round of its loop (OPS-23) */
export function createHttpServer(deps: HttpDeps, listeners = 1): HttpServer {
  let stopping = false
  const isStopping = (): boolean => stopping
  const { receive, routes, streams, levels } = createApp({ ...deps, isReady: async () => !stopping && (await deps.isReady()) }, isStopping)
  const connections = new Connections(deps.tell)

  const answer = (req: http.IncomingMessage, res: http.ServerResponse): void => {
    connections.begin(req, res)
    receive(req, res)
  }
  const open = (): http.Server => {
    const server = http.createServer(OPTIONS)
    server.maxHeadersCount = 0
    server.timeout = STALLED
    // The last two carry an `Expect`, which is looked at with the rest of the framing; `100 Continue` goes out once the body is wanted.
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, answer)
    connections.watch(server)
    return server
  }
  const servers: HttpServer['servers'] = [open(), ...Array.from({ length: listeners - 1 }, open)]

  return {
    servers,
    routes,
    levels,
    async stop(graceSeconds) {
      stopping = true
      streams.stop()
      // What `http.Server` does besides would cut off answers that are not flushed yet, and stop looking after slow requests.
      const closed = Promise.all(servers.map((server) => new Promise<void>((resolve) => Server.prototype.close.call(server, () => resolve()))))
      connections.closeAsTheyFallIdle()
      const grace = setTimeout(() => connections.cutOff(), graceSeconds * 1000)
      await closed
      clearTimeout(grace)
      for (const server of servers) server.close()
    },
  }
}

import type { Claims, TokenVerifier } from '../../application/authentication.ts'
import { type Counts, STREAMS_OF_ONE } from '../../application/counting.ts'
import type { Following } from '../../application/live.ts'
import type { Tell } from '../../application/observation.ts'
import { Unavailable } from '../../application/ports.ts'
import type { Context } from './context.ts'
import { type EndReason, EventStream } from './event-stream.ts'
import { fault } from './problem.ts'

/** Milliseconds between two looks at what may end a stream, and how many of them lie between two comments (LIVE-04). */
const LOOKING = 1_000
const LOOKS_BETWEEN_COMMENTS = 15

export interface StreamsOptions {
  /** Open streams in this process, of all owners. */
  readonly most: number
  readonly counts: Pick<Counts, 'takeStream' | 'giveStreamBack'>
  readonly verifier: Pick<TokenVerifier, 'isStillGood'>
  readonly tell: Tell
}

interface Open {
  readonly stream: EventStream
  readonly claims: Claims
  looks: number
}

/** All streams that are open. One timer looks after them all. */
export class Streams {
  readonly #options: StreamsOptions
  readonly #open = new Set<Open>()
  #total = 0
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: StreamsOptions) {
    this.#options = options
  }

  /** How many are open, or have taken a place. */
  get count(): number {
    return this.#total
  }

  /** Takes a place before anything is looked for. @returns gives it back. @throws {Fault} temporary-reduced-capacity, quota-exceeded */
  async take(owner: string): Promise<() => void> {
    const { most, counts } = this.#options
    if (this.#stopped) return fault('service-unavailable', { headers: { 'Retry-After': '1' } })
    if (this.#total >= most) return fault('temporary-reduced-capacity', { headers: { 'Retry-After': '1' } })
    this.#total++
    if (await counts.takeStream(owner)) {
      return () => {
        this.#total--
        counts.giveStreamBack(owner)
      }
    }
    this.#total--
    return fault('quota-exceeded', { detail: `one owner has at most ${STREAMS_OF_ONE} streams open`, headers: { 'Retry-After': '1' } })
  }

  /** The answer goes on from here by itself. */
  open(ctx: Context, following: Following, claims: Claims, giveBack: () => void): void {
    const open: Open = { stream: new EventStream(ctx.res, following, this.#options.tell, ctx.state.id), claims, looks: 0 }
    this.#open.add(open)
    this.#timer ??= setInterval(() => void this.#look(), LOOKING).unref()
    void open.stream.closed.then(() => {
      this.#open.delete(open)
      giveBack()
      if (this.#open.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
    ctx.respond = false
    if (this.#stopped) open.stream.end('server-stopping')
  }

  /** Each is told why; nobody waits for readers that are slow (LIVE-06). */
  stop(): void {
    this.#stopped = true
    for (const { stream } of this.#open) stream.end('server-stopping')
  }

  async #look(): Promise<void> {
    for (const open of this.#open) {
      const reason = await this.#reasonToEnd(open.claims)
      if (reason !== undefined) open.stream.end(reason)
      else if (++open.looks % LOOKS_BETWEEN_COMMENTS === 0) open.stream.comment()
    }
  }

  async #reasonToEnd(claims: Claims): Promise<EndReason | undefined> {
    if (Date.now() >= claims.expiresAt * 1_000) return 'token-expired'
    try {
      return (await this.#options.verifier.isStillGood(claims)) ? undefined : 'key-withdrawn'
    } catch (error) {
      if (error instanceof Unavailable) return 'service-unavailable'
      this.#options.tell({ kind: 'failed', requestId: undefined, cause: error })
      return 'internal-error'
    }
  }
}

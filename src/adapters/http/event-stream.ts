import type { ServerResponse } from 'node:http'
import type { Following, LiveEvent } from '../../application/live.ts'
import type { Tell } from '../../application/observation.ts'
import { Unavailable } from '../../application/ports.ts'
import { Refused } from '../../domain/refusal.ts'

/** Why a stream ended, as its last event says (LIVE-05). */
export type EndReason = 'token-expired' | 'key-withdrawn' | 'server-stopping' | 'sync-expired' | 'service-unavailable' | 'internal-error'

/** Milliseconds: between two tries while the store is away, and what a slow reader has to take the last event. */
const RETRYING = 1_000
const PATIENCE = 1_000

/** An answer of `text/event-stream` (HTML, section 9.2): what the feed tells, for as long as the reader takes it. */
export class EventStream {
  readonly #res: ServerResponse
  readonly #following: Following
  /** Resolves once the connection has taken what was written, or is gone. */
  #goOn: (() => void) | undefined
  readonly closed: Promise<void>

  /** @param requestId under which the log has what fails */
  constructor(res: ServerResponse, following: Following, tell: Tell, requestId: string) {
    this.#res = res
    this.#following = following
    this.closed = new Promise((resolve) => {
      res.once('close', () => {
        following.stop()
        this.#goOn?.()
        resolve()
      })
    })
    res.on('drain', () => this.#goOn?.())
    res.flushHeaders()
    this.#pump().catch((fault: unknown) => {
      if (!(fault instanceof Refused)) tell({ kind: 'failed', requestId, cause: fault })
      this.end(fault instanceof Refused ? 'sync-expired' : 'internal-error')
    })
  }

  /** So that nobody in between takes the silence for an end. */
  comment(): void {
    if (this.#isOpen() && !this.#res.writableNeedDrain) this.#res.write(':\n\n')
  }

  end(reason: EndReason): void {
    if (!this.#isOpen()) return
    this.#following.stop()
    this.#res.end(`event: end\ndata: {"reason":"${reason}"}\n\n`)
    const patience = setTimeout(() => this.#res.destroy(), PATIENCE).unref()
    this.#res.once('close', () => clearTimeout(patience))
    this.#goOn?.()
  }

  /** Reads on only once the reader has taken what was read before, so that a slow one holds no more than that. */
  async #pump(): Promise<void> {
    for (let events = await this.#next(); events !== undefined && this.#isOpen(); events = await this.#next()) {
      if (!this.#res.write(events.map(textOf).join(''))) await this.#resumed(undefined)
    }
  }

  /** An outage ends no stream: the feed is whole once the store is back. */
  async #next(): Promise<readonly LiveEvent[] | undefined> {
    for (;;) {
      try {
        return await this.#following.next()
      } catch (fault) {
        if (!(fault instanceof Unavailable)) throw fault
        await this.#resumed(RETRYING)
      }
    }
  }

  async #resumed(milliseconds: number | undefined): Promise<void> {
    if (!this.#isOpen()) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#goOn = resolve
      if (milliseconds !== undefined) timer = setTimeout(resolve, milliseconds).unref()
    })
    clearTimeout(timer)
    this.#goOn = undefined
  }

  #isOpen = (): boolean => !this.#res.writableEnded && !this.#res.destroyed
}

/** The JSON has no line break in it, so it is one line of data. */
const textOf = (event: LiveEvent): string =>
  event.kind === 'caught-up' ? `id: ${event.seq}\n\n` : `${event.seq === undefined ? '' : `id: ${event.seq}\n`}event: change\ndata: ${event.json}\n\n`

import type { ServerResponse } from 'node:http'
import { type Answer, type Arrival, bringsBody, headerOf } from './arrival.ts'
import { bearerIn } from './authenticate.ts'

/** Milliseconds in which at least one leaves, or all that wait are let in: those at work then wait for something that has stopped (OPS-02). */
const STANDSTILL = 100
/** Milliseconds after which one is let in that has waited so long. */
const PATIENCE = 400

type Waiting = readonly [since: number, request: Arrival, response: ServerResponse]

/**
 * Of what is in flight so much is worked on at once, a third of it for one token at most; the others wait in the order of their coming (OPS-24).
 * What is worked on holds much that was made for it. With hundreds at once the engine takes that for what will stay, and spends more on
 * cleaning up after them than on them.
 */
export class Entrance {
  readonly #answer: Answer
  /** The token of what is worked on, in each place. */
  readonly #places: (string | undefined)[]
  readonly #free: number[]
  readonly #most: number
  /** By token, in the order of their coming. */
  readonly #waiting = new Map<string, Waiting[]>()
  #inFlight = 0
  /** How many have left since the last look. */
  #left = 0
  #looking: NodeJS.Timeout | undefined

  constructor(places: number, answer: Answer) {
    this.#answer = answer
    this.#places = Array.from({ length: places }, () => undefined)
    this.#free = this.#places.map((_, place) => place)
    this.#most = Math.max(1, Math.floor(places / 3))
  }

  /** Requests that wait or are worked on. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Has it answered, at once or when its turn has come. What waits for its client or asks for no task needs no place. */
  enter(request: Arrival, response: ServerResponse): void {
    this.#inFlight++
    if (needsNoPlace(request)) return this.#begin(request, response, undefined)
    const token = tokenOf(request)
    if (this.#hasPlace(token)) return this.#begin(request, response, token)
    const waiting: Waiting = [performance.now(), request, response]
    const line = this.#waiting.get(token)
    if (line === undefined) this.#waiting.set(token, [waiting])
    else line.push(waiting)
    if (this.#looking !== undefined) return
    this.#left = 0
    this.#looking = setInterval(() => this.#look(), STANDSTILL).unref()
  }

  #hasPlace(token: string): boolean {
    const taken = this.#places.length - this.#free.length
    if (taken < this.#most) return true
    if (this.#free.length === 0) return false
    let count = 0
    for (const one of this.#places) if (one === token) count++
    return count < this.#most
  }

  /** @param token whose place it takes; undefined: it needs none */
  #begin(request: Arrival, response: ServerResponse, token: string | undefined): void {
    const place = token === undefined ? undefined : this.#free.pop()
    if (place !== undefined) this.#places[place] = token
    const leave = (): void => this.#leave(place)
    this.#answer(request, response).then(leave, leave)
  }

  #leave(place: number | undefined): void {
    this.#inFlight--
    if (place === undefined) return
    this.#left++
    this.#places[place] = undefined
    this.#free.push(place)
    if (this.#waiting.size > 0) this.#admit()
  }

  /** The one that has waited longest, of those whose token has not all the places that it may have. */
  #admit(): void {
    let [since, turn]: [number, string | undefined] = [Number.POSITIVE_INFINITY, undefined]
    for (const [token, line] of this.#waiting) if (sinceOf(line) < since && this.#hasPlace(token)) [since, turn] = [sinceOf(line), token]
    if (turn !== undefined) this.#next(turn, true)
  }

  #next(token: string, hasPlace: boolean): void {
    const line = this.#waiting.get(token)
    const next = line?.shift()
    if (line?.length === 0) this.#waiting.delete(token)
    if (next === undefined) return
    const [since, request, response] = next
    request.at = since
    this.#begin(request, response, hasPlace ? token : undefined)
  }

  #look(): void {
    const latest = this.#left === 0 ? Number.POSITIVE_INFINITY : performance.now() - PATIENCE
    this.#left = 0
    for (const [token, line] of this.#waiting) while (sinceOf(line) < latest) this.#next(token, false)
    if (this.#waiting.size > 0) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }
}

/** The moment since when the first waits; never, where there is none. */
const sinceOf = ([first]: readonly Waiting[]): number => first?.[0] ?? Number.POSITIVE_INFINITY

const needsNoPlace = (request: Arrival): boolean =>
  request.method === 'OPTIONS' || (bringsBody(request) && request.method !== 'GET' && request.method !== 'HEAD')

/** The same however the scheme is written; none for all who show none. */
const tokenOf = (request: Arrival): string => bearerIn(headerOf(request, 'authorization')) ?? ''

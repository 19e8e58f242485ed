import type { ServerResponse } from 'node:http'
import type { Next } from 'koa'
import type { Answer, Arrival } from './arrival.ts'
import type { Context } from './context.ts'
import { Entrance } from './entrance.ts'
import { originForm } from './framing.ts'
import { Fault } from './problem.ts'
import type { Route } from './routes/route.ts'

const TOO_MANY = new Fault({ slug: 'temporary-reduced-capacity', headers: { 'Retry-After': '1' } })

/** Refusals that go out at once in so many milliseconds (OPS-12). */
const AT_ONCE = 20
const WINDOW = 100
/** Milliseconds for which about those beyond are held back: with more than so many held at once it is longer, so that not more go out in a second. */
const HOLDING = 1_000
const HELD = 1_000
const HOLDING_AT_MOST = 3_000

/**
 * Refuses what is beyond `limit` requests at once (RATE-06), and has so many of the others worked on (OPS-24). Routes without a token (health,
 * documents, metrics) are neither refused nor counted; they are told by their first words, as which route it is comes only later in the order
 * of the checks.
 */
export function limitInFlight(limit: number, atWork: number, routes: readonly Route[], answer: Answer) {
  const free = [...new Set(routes.filter(({ needs }) => needs === undefined).map(({ path }) => path.split('/:', 1)[0] ?? path))]
  const isFree = (path: string): boolean => free.some((one) => path === one || path.startsWith(`${one}/`))
  const entrance = new Entrance(atWork, answer)
  const held = new Held(answer)

  return {
    /** Has a request answered, for which nothing is made before: there may be thousands. */
    receive(request: Arrival, response: ServerResponse): void {
      if (isFree(pathOf(request))) return void answer(request, response)
      if (entrance.inFlight < limit) return entrance.enter(request, response)
      held.answer(request, response)
    },
    inFlight: () => entrance.inFlight,
  }
}

const pathOf = ({ url = '' }: Arrival): string => originForm(url).split('?', 1)[0] ?? ''

/** Refuses what there was no place for, where nothing is wrong with it that comes before (HTTP-30). */
export async function refuse(ctx: Context, next: Next): Promise<void> {
  const { isRefused }: Arrival = ctx.req
  if (isRefused) throw TOO_MANY
  await next()
}

/** Who asks again as soon as it is refused would take the time that those need who were let in: where such are many, they wait, each for another while. */
class Held {
  readonly #answer: Answer
  #since = Number.NEGATIVE_INFINITY
  #refused = 0
  #held = 0

  constructor(answer: Answer) {
    this.#answer = answer
  }

  answer(request: Arrival, response: ServerResponse): void {
    const now = performance.now()
    if (now - this.#since >= WINDOW) [this.#since, this.#refused] = [now, 0]
    if (++this.#refused <= AT_ONCE) return this.#refuse(request, response, now)
    this.#held++
    const holding = Math.min(HOLDING * Math.max(1, this.#held / HELD), HOLDING_AT_MOST)
    setTimeout(
      () => {
        this.#held--
        this.#refuse(request, response, now)
      },
      holding * (0.5 + Math.random()),
    )
  }

  #refuse(request: Arrival, response: ServerResponse, at: number): void {
    request.at = at
    request.isRefused = true
    void this.#answer(request, response)
  }
}

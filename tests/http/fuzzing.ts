import { type Answer, type Client, problemIn } from './client.ts'
import { type Generated, LATEST_CURSOR, LATEST_ID, LATEST_TAG } from './generated.ts'

/** Whoever sends a request and holds the answer to the document. */
export type Asking = Pick<Client, 'ask'>

/** What a run of generated requests came to. */
export interface Outcome {
  readonly sent: number
  /** Requests of the document that were carried out or answered with what they asked for. */
  readonly carriedOut: number
  /** Those that were tampered with and refused. */
  readonly refused: number
  /** How many answers there were of each status. */
  readonly statuses: ReadonlyMap<number, number>
}

/** Answered by these is what nobody may bring about by a request: 503 is the only one above that a test of faults may see. */
const isOurs = ({ status }: Answer): boolean => status >= 500 && status !== 505

/**
 * Sends the requests, so many at once, each held to the document by the client. One that has no answer, one of 500 and above, or one that
 * openapi.yaml does not have ends it.
 * @param isFault which answers are none that a request may bring about
 */
export async function fuzz(api: Asking, requests: readonly Generated[], atOnce = 8, isFault = isOurs): Promise<Outcome> {
  const latest = new Map<string, Latest>()
  const statuses = new Map<number, number>()
  const outcome = { sent: 0, carriedOut: 0, refused: 0, statuses }
  const rest = requests[Symbol.iterator]()

  async function send(): Promise<void> {
    for (const request of rest) {
      const known = latest.get(request.owner) ?? NOTHING
      const answer = await ask(api, filled(request, known), isFault)
      outcome.sent++
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      if (!request.isMutated && answer.status < 400) outcome.carriedOut++
      if (request.isMutated && answer.status >= 400) outcome.refused++
      latest.set(request.owner, learned(known, answer))
    }
  }

  await Promise.all(Array.from({ length: atOnce }, send))
  return outcome
}

const NOTHING: Latest = { tag: '"1"', cursor: 'x', id: LATEST_ID }

const learned = (before: Latest, { headers, body }: Answer): Latest => ({
  id: /^\{"id":"([^"]+)"/.exec(body)?.[1] ?? before.id,
  tag: headers['etag'] ?? before.tag,
  cursor: /"(?:nextCursor|cursor)":"([^"]+)"/.exec(body)?.[1] ?? before.cursor,
})

interface Latest {
  readonly tag: string
  readonly cursor: string
  readonly id: string
}

function filled(request: Generated, { tag, cursor, id }: Latest): Generated {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, value === LATEST_TAG ? tag : value]))
  const body = typeof request.body === 'string' ? request.body.replaceAll(LATEST_ID, id) : request.body
  return { ...request, headers, body, path: request.path.replaceAll(LATEST_CURSOR, cursor).replaceAll(LATEST_ID, id) }
}

async function ask(api: Asking, { method, path, as, headers, body }: Generated, isFault: (answer: Answer) => boolean): Promise<Answer> {
  const sent = JSON.stringify({ method, path, as, headers, body: typeof body === 'string' ? body : body && Buffer.from(body).toString('hex') }).slice(0, 2000)
  try {
    const answer = await api.ask(method, path, { as, headers, body })
    if (isFault(answer)) throw new Error(`answered ${problemIn(answer)}`)
    return answer
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : cause}\nto ${sent}`, { cause })
  }
}

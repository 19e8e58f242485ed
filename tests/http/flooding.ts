import { expect } from 'chai'
import { schemaOf } from '../openapi.ts'
import { type ByteStream, exchange, mostAnswers, type Received } from './byte-streams.ts'
import type { Client } from './client.ts'

/** What any bytes may be answered with: everything that the documents of requests have, and no fault of the server's own. */
const POSSIBLE = [200, 201, 204, 302, 304, 400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 414, 415, 417, 422, 431, 505]

/** Sends the streams, each on a connection of its own, so many at once; whatever is answered otherwise ends it. @returns how many of each status came */
export async function flood(api: Client, streams: readonly ByteStream[], atOnce = 64): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>()
  const rest = streams[Symbol.iterator]()

  async function send(): Promise<void> {
    for (const stream of rest) {
      const what = JSON.stringify(stream).slice(0, 3_000)
      const got = await exchange(api.port, stream)
      expect(got.rest, `what is no answer, to ${what}`).to.equal('')
      expect(got.closed, `the end of the connection, to ${what}`).to.equal(true)
      const came = got.answers.map(({ status }) => status)
      expect(POSSIBLE, what).to.include.members(came)
      expect(came.length, `answers ${came} to ${what}`).to.be.at.most(mostAnswers(stream))
      if (stream.answers !== undefined) expect(came.length, `answers ${came} to ${what}`).to.equal(stream.answers)
      for (const answer of got.answers) expect(flawOf(answer), `${answer.head}${answer.body}\nto ${what}`).to.equal(undefined)
      for (const status of came) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }

  await Promise.all(Array.from({ length: atOnce }, send))
  return statuses
}

const isProblem = schemaOf('Problem')

/** What an answer to whatever it was must be: a problem of its own status from 400 on, and else without a body or with one of JSON. */
function flawOf({ status, head, body }: Received): string | undefined {
  const type = /\r\nContent-Type: ([^;\r]+)/i.exec(head)?.[1]
  if (body === '') return [204, 302, 304].includes(status) ? undefined : 'no body'
  const json = parsed(body)
  if (status < 400) return type === 'application/json' && json !== undefined ? undefined : `no JSON, and ${type}`
  return type === 'application/problem+json' && json?.status === status && isProblem(json) ? undefined : 'no such problem'
}

function parsed(text: string): { readonly status?: unknown } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

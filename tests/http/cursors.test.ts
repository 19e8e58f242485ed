import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Client, problemIn, serving } from './client.ts'

/** Bits turned, over the four kinds together. */
const FLIPS = 1_000

interface Walk {
  readonly name: string
  readonly path: string
  readonly cursor: string
}

/** A walk of each kind, begun as `ada`, whose first page leaves something over; the same things are there for `bob`. */
async function begin(api: Client): Promise<readonly Walk[]> {
  for (const as of ['bob', 'ada']) {
    for (const title of ['one', 'two', 'three']) await api.make({ title: `${as} ${title}` }, { as })
    for (const title of ['four', 'five', 'six']) await api.delete((await api.make({ title: `${as} ${title}` }, { as })).path, { as })
  }
  const { path } = await api.make({ title: 'ada seven' })
  for (const title of ['ada eight', 'ada nine']) await api.patch(path, { title })
  const cursorOf = async (at: string): Promise<string> => {
    const { nextCursor, cursor = nextCursor } = JSON.parse((await api.get(at)).body)
    return cursor
  }
  return Promise.all(
    Object.entries({ list: '/api/tasks?limit=1&', trash: '/api/trash?limit=1&', history: `${path}/changes?limit=1&`, feed: '/api/changes?limit=1&' }).map(
      async ([name, at]) => ({ name, path: at, cursor: await cursorOf(at.slice(0, -1)) }),
    ),
  )
}

/** The cursor with one bit of its bytes turned. */
function flipped(cursor: string, bit: number): string {
  const bytes = Buffer.from(cursor, 'base64url')
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return bytes.toString('base64url')
}

describe('cursors that were tampered with', () => {
  it(
    `SEC-04 LIST-10 TRASH-03 HIST-07 SYNC-06 ${FLIPS} with a bit turned are 400, whoever asks, and show no row`,
    serving({}, async (api) => {
      let seen = 0
      const walks = await begin(api)
      for (const { name, path, cursor } of walks) {
        expect((await api.get(`${path}cursor=${cursor}`)).status, name).to.equal(200)
        const bits = Buffer.from(cursor, 'base64url').byteLength * 8
        for (let nth = 0; nth < FLIPS / walks.length; nth++) {
          // Spread over all of it: the nonce, what is encrypted, and the seal.
          const bit = Math.floor((nth * bits * walks.length) / FLIPS) % bits
          const answer = await api.get(`${path}cursor=${flipped(cursor, bit)}`, { as: nth % 10 === 0 ? 'bob' : 'ada' })
          expect(problemIn(answer), `${name}, bit ${bit}`).to.equal('invalid-cursor')
          expect(answer.body, `${name}, bit ${bit}`).to.not.match(/ada |bob /)
          seen++
        }
      }
      expect(seen).to.equal(FLIPS)
    }),
  ).timeout(60_000)

  it(
    'SEC-04 OWN-02 a cursor of one kind is none of another, and none of another owner',
    serving({}, async (api) => {
      const walks = await begin(api)
      for (const { name, path } of walks) {
        for (const other of walks) {
          const as = other.name === name ? 'bob' : 'ada'
          const answer = await api.get(`${path}cursor=${other.cursor}`, { as })
          expect(problemIn(answer), `${other.name} at ${name}`).to.equal('invalid-cursor')
        }
      }
    }),
  )
})

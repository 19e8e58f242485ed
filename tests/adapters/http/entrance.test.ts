import type { ServerResponse } from 'node:http'
import { mock } from 'node:test'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { Arrival } from '../../../src/adapters/http/arrival.ts'
import { Entrance } from '../../../src/adapters/http/entrance.ts'

describe('the entrance', () => {
  let now = 0
  beforeEach(() => {
    now = 0
    mock.timers.enable({ apis: ['setInterval'] })
    mock.method(performance, 'now', () => now)
  })
  afterEach(() => {
    mock.timers.reset()
    mock.restoreAll()
  })

  /** Six places, two of them for one token at most; what is worked on ends when it is told to. */
  function open() {
    const begun: string[] = []
    const ends = new Map<string, () => void>()
    const entrance = new Entrance(6, ({ url = '' }) => {
      begun.push(url)
      return new Promise((resolve) => ends.set(url, resolve))
    })
    return {
      entrance,
      begun,
      ask: (method: string, name: string, ...rawHeaders: string[]) => entrance.enter({ method, url: name, rawHeaders } as Arrival, {} as ServerResponse),
      enter: (token: string, name: string, ...headers: string[]) =>
        entrance.enter(
          { method: 'PUT', url: name, rawHeaders: ['Authorization', token.length === 1 ? `Bearer ${token}` : token, ...headers] } as Arrival,
          {} as ServerResponse,
        ),
      end: async (name: string) => {
        ends.get(name)?.()
        await new Promise((resolve) => setImmediate(resolve))
      },
      pass: (milliseconds: number) => {
        now += milliseconds
        mock.timers.tick(milliseconds)
      },
    }
  }

  it('OPS-24 has so many worked on, a third of them for one token, and the others in the order of their coming', async () => {
    const { entrance, begun, enter, end } = open()
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2', 'd1', 'e1', 'd2']) {
      enter(name.charAt(0), name)
      now++
    }
    expect(begun).to.deep.equal(['a1', 'a2', 'b1', 'b2', 'c1', 'c2'])
    expect(entrance.inFlight).to.equal(10)
    await end('c1')
    await end('a1')
    await end('b2')
    expect(begun.slice(6)).to.deep.equal(['d1', 'a3', 'e1'])
    await end('d1')
    expect(begun.slice(9)).to.deep.equal(['d2'])
    for (const name of ['a2', 'a3', 'b1', 'c2', 'e1', 'd2']) await end(name)
    expect(entrance.inFlight).to.equal(0)
  })

  it('OPS-24 has writes with a body and OPTIONS worked on at once, and they take no place', () => {
    const { begun, enter, ask } = open()
    for (let n = 0; n < 9; n++) enter('a', `length${n}`, 'Content-Length', '2')
    for (let n = 0; n < 9; n++) enter('a', `chunks${n}`, 'transfer-encoding', 'chunked')
    for (let n = 0; n < 3; n++) ask('OPTIONS', `options${n}`)
    enter('Bearer  a', 'none', 'Content-Length', '0')
    ask('GET', 'read', 'authorization', 'bearer a', 'Content-Length', '1')
    enter('BEARER a', 'third')
    expect(begun).to.have.lengthOf(23).and.not.to.include('third')
  })

  it('OPS-24 OPS-02 lets all in where nobody leaves for a tenth of a second, and in half a second each that waits', async () => {
    const { begun, enter, end, pass } = open()
    enter('b', 'before')
    await end('before')
    for (const name of ['a1', 'a2', 'a3', 'a4']) enter('a', name)
    pass(99)
    expect(begun).to.have.lengthOf(3)
    pass(1)
    expect(begun).to.have.lengthOf(5)
    for (let n = 5; n < 10; n++) enter('a', `a${n}`)
    for (let n = 0; n < 4; n++) {
      enter('b', `b${n}`)
      await end(`b${n}`)
      pass(100)
      expect(begun.filter((name) => name > 'a4' && name < 'b')).to.have.lengthOf(0)
    }
    enter('b', 'last')
    await end('last')
    pass(100)
    expect(begun.filter((name) => name > 'a4' && name < 'b')).to.have.lengthOf(5)
  })
})

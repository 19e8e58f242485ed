import { once } from 'node:events'
import { connect, createServer, type ListenOptions, type Server } from 'node:net'
import { mock } from 'node:test'
import { setImmediate as round } from 'node:timers/promises'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { LISTENERS, listenTogether } from '../../src/compose/listen.ts'
import { CannotStart } from '../../src/config/cannot-start.ts'

const HOST = '127.0.0.1'

describe('listening', () => {
  const opened: Server[] = []
  const open = (): Server => {
    const server = createServer((socket) => void socket.destroy())
    opened.push(server)
    return server
  }
  const several = (count: number): [Server, ...Server[]] => [open(), ...Array.from({ length: count - 1 }, open)]

  const closeAll = (): Promise<unknown> => Promise.all(opened.splice(0).map((server) => new Promise((closed) => server.close(closed))))

  afterEach(closeAll)

  it('OPS-23 many connections that come at once are taken in a few rounds of the loop', async () => {
    const servers = several(LISTENERS)
    let taken = 0
    for (const server of servers) server.on('connection', () => taken++)
    const { port, url } = await listenTogether(servers, HOST, 0)
    expect(url).to.equal(`http://${HOST}:${port}`)
    const clients = Array.from({ length: 256 }, () => connect(port, HOST))
    const ended = Promise.all(clients.map((client) => once(client, 'close')))
    // With one listener it takes 256; which of them a connection is for is decided by chance. Rounds in which nothing had come yet do not count.
    let [rounds, before] = [0, 0]
    for (let looks = 0; taken < 256 && looks < 100_000; looks++) {
      await round()
      if (taken > before) rounds++
      before = taken
    }
    expect([taken, rounds <= 40]).to.deep.equal([256, true])
    await ended
  })

  it('OPS-23 RUN-01 a port that another program would share is taken', async () => {
    const { port } = await listenTogether(several(2), HOST, 0)
    const fault = await listenTogether(several(2), HOST, port).catch((fault: unknown) => fault)
    expect(fault).to.be.instanceOf(CannotStart).and.to.have.property('lines').that.deep.equals(['PORT is taken by another program'])
    await closeAll()
    const servers = several(2)
    expect((await listenTogether(servers, HOST, port)).port).to.equal(port)
    expect(servers.map(({ listening }) => listening)).to.deep.equal([true, true])
  })

  it('OPS-23 where the system shares no port one of them listens', async () => {
    const [first, second] = [open(), open()]
    const listen = first.listen.bind(first) as (options: ListenOptions, listening: () => void) => Server
    mock.method(first, 'listen', (options: ListenOptions, listening: () => void) =>
      options.reusePort === true ? first.emit('error', Object.assign(new Error('x'), { code: 'ENOTSUP' })) : listen(options, listening),
    )
    const { port } = await listenTogether([first, second], HOST, 0)
    expect([first.listening, second.listening]).to.deep.equal([true, false])
    await once(connect(port, HOST), 'close')
  })
})

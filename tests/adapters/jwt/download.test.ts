import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { DOWNLOAD_TIMEOUT, download, LARGEST_KEY_SET } from '../../../src/adapters/jwt/download.ts'

/** Asks a server that answers so, and gives what came of it. */
async function downloadFrom(listener: RequestListener, timeout?: number) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await download(new URL(`http://127.0.0.1:${port}/jwks`), timeout)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const failed = (flaw: string) => ({ ok: false, flaw })

describe('the download of a key set', () => {
  it('KEYS-01 gives the text of a 200', async () => {
    let asked: unknown
    const listener: RequestListener = (request, response) => {
      asked = [request.method, request.url, request.headers.accept, request.headers['cache-control'], request.headers.authorization]
      response.end('{"keys":["é"]}')
    }
    expect(await downloadFrom(listener)).to.deep.equal({ ok: true, value: '{"keys":["é"]}' })
    expect(asked).to.deep.equal(['GET', '/jwks', 'application/json', 'no-cache', undefined])
  })

  it('KEYS-01 takes 64 KB, and no more: of 64 MB it reads the beginning', async () => {
    expect(LARGEST_KEY_SET).to.equal(65_536)
    expect(await downloadFrom((_, response) => void response.end('x'.repeat(65_536)))).to.deep.equal({ ok: true, value: 'x'.repeat(65_536) })
    expect(await downloadFrom((_, response) => void response.end('x'.repeat(65_537)))).to.deep.equal(failed('is over 65536 bytes'))
    let sent = 0
    const flood: RequestListener = (_, response) => {
      const megabyte = Buffer.alloc(1_048_576, 'x')
      const more = (): void => {
        while (sent < 64 && !response.destroyed) {
          sent++
          if (!response.write(megabyte)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    }
    expect(await downloadFrom(flood)).to.deep.equal(failed('is over 65536 bytes'))
    expect(sent).to.be.lessThan(32)
  })

  it('KEYS-01 counts what a compressed answer unfolds to', async () => {
    const bomb: RequestListener = (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(10_000_000)))
    expect(await downloadFrom(bomb)).to.deep.equal(failed('is over 65536 bytes'))
  })

  it('KEYS-01 fails on every other status, and follows no redirect', async () => {
    for (const status of [201, 204, 206, 301, 302, 303, 307, 308, 304, 400, 401, 404, 429, 500, 503]) {
      const paths: (string | undefined)[] = []
      const listener: RequestListener = (request, response) => {
        paths.push(request.url)
        response.writeHead(status, { location: '/elsewhere' }).end(status === 204 || status === 304 ? undefined : '{"keys":[]}')
      }
      expect(await downloadFrom(listener), String(status)).to.deep.equal(failed(`answered with status ${status}`))
      expect(paths).to.deep.equal(['/jwks'])
    }
  })

  it('KEYS-01 fails on text that is not UTF-8', async () => {
    expect(await downloadFrom((_, response) => void response.end(Buffer.from([0x22, 0xff, 0x22])))).to.deep.equal(failed('is not UTF-8'))
  })

  it('KEYS-01 waits 2 s in all for silence, for a slow body, and not for more', async () => {
    expect(DOWNLOAD_TIMEOUT).to.equal(2_000)
    expect(await downloadFrom(() => undefined, 50)).to.deep.equal(failed('failed with TimeoutError'))
    expect(await downloadFrom((_, response) => void response.write('{'), 50)).to.deep.equal(failed('failed with TimeoutError'))
  })

  it('KEYS-01 fails where nobody listens, the connection breaks or what answers is not HTTP, and names no address', async () => {
    const free = createServer()
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
    const { port } = free.address() as AddressInfo
    await new Promise((resolve) => free.close(resolve))
    expect(await download(new URL(`http://127.0.0.1:${port}/`))).to.deep.equal(failed('failed with ECONNREFUSED'))
    const broken = await downloadFrom((request) => void request.socket.destroy())
    expect(broken).to.deep.equal(failed('failed with UND_ERR_SOCKET'))
    const strange = await downloadFrom((request) => void request.socket.end('SSH-2.0-x\r\n'))
    expect(strange.ok ? '' : strange.flaw).to.match(/^failed with (?:HPE_\w+|TypeError)$/)
    const short = await downloadFrom((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"keys":')
      response.socket?.end()
    })
    expect(short.ok ? '' : short.flaw).to.match(/^failed with \w+$/)
  })
})

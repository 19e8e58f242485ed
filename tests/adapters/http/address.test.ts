import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { addressOf } from '../../../src/adapters/http/address.ts'

/** A request from `peer`, with what proxies have written. */
function requestFrom(peer: string, forwarded?: string): IncomingMessage {
  const request = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: peer }))
  if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded
  return request
}

describe('the address that a request is counted by', () => {
  it('is an IPv4 address whole, also where it comes as IPv6', () => {
    for (const peer of ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:192.0.2.1']) expect(addressOf(requestFrom(peer), 0)).to.equal('192.0.2.1')
  })

  it('is the first 64 bits of an IPv6 address, however it is written', () => {
    for (const [peer, network] of [
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
      ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
      ['2001:db8:1:2::192.0.2.1', '2001:db8:1:2::/64'],
      ['2001:db8::1', '2001:db8:0:0::/64'],
      ['::1', '0:0:0:0::/64'],
      ['::', '0:0:0:0::/64'],
      ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ] as const) {
      expect(addressOf(requestFrom(peer), 0), peer).to.equal(network)
    }
  })

  it('is what the last proxy that is trusted has seen, and never what the client wrote', () => {
    const asked = (proxies: number, forwarded?: string) => addressOf(requestFrom('10.0.0.1', forwarded), proxies)
    expect(asked(0, '192.0.2.1')).to.equal('10.0.0.1')
    expect(asked(1, '9.9.9.9, 192.0.2.1')).to.equal('192.0.2.1')
    expect(asked(2, '9.9.9.9, 192.0.2.1, 10.0.0.2')).to.equal('192.0.2.1')
    expect(asked(3, '192.0.2.1')).to.equal('192.0.2.1')
    expect(asked(1)).to.equal('10.0.0.1')
    expect(asked(1, '')).to.equal('10.0.0.1')
    expect(asked(1, 'unknown')).to.equal('10.0.0.1')
    expect(asked(1, '9.9.9.9:80, 192.0.2.1:4711')).to.equal('192.0.2.1')
    expect(asked(1, '[2001:db8:1:2::9]:4711')).to.equal('2001:db8:1:2::/64')
    expect(asked(1, '[2001:db8:1:2::9]')).to.equal('2001:db8:1:2::/64')
    expect(asked(1, '192.0.2.1:')).to.equal('10.0.0.1')
  })
})

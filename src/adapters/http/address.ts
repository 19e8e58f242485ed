import type { IncomingMessage } from 'node:http'
import { isIP, isIPv6 } from 'node:net'

/**
 * The name that a client without a good token is counted by: its IPv4 address, or the first 64 bits of its IPv6 address, as many
 * people are given that many to choose from (RATE-02).
 * @param trustedProxies how many proxies in front are believed: each has put the address that it saw at the end of `X-Forwarded-For`
 */
export function addressOf({ socket, headers }: IncomingMessage, trustedProxies: number): string {
  const peer = socket.remoteAddress ?? ''
  if (trustedProxies === 0) return networkOf(peer)
  const forwarded = headers['x-forwarded-for']
  const hops = [forwarded ?? []]
    .flat()
    .join()
    .split(',')
    .map((hop) => withoutPort(hop.trim()))
    .filter((hop) => hop !== '')
  const claimed = hops.at(Math.max(-trustedProxies, -hops.length)) ?? ''
  return networkOf(isIP(claimed) === 0 ? peer : claimed)
}

/** Some proxies write the port too, and then brackets around IPv6; else all their clients would be counted as the proxy. */
const withoutPort = (hop: string): string => hop.replace(/^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$/, '$1$2')

function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.toLowerCase().split('%', 1)[0]?.split('::') ?? []
  const groups = head.split(':').filter((group) => group !== '')
  const after = tail?.split(':').filter((group) => group !== '') ?? []
  // An IPv4 address at the end stands for two groups.
  const missing = 8 - groups.length - after.length - (address.includes('.') ? 1 : 0)
  const whole = [...groups, ...Array<string>(tail === undefined ? 0 : missing).fill('0'), ...after]
  return `${whole
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

import type { IncomingMessage } from 'node:http'
import { SINGLE } from './headers.ts'
import { fault } from './problem.ts'

/** Characters of path and query; headers in number, and in bytes, what stands between and behind name and value included (HTTP-13). */
const TARGET_LENGTH = 8192
const HEADERS = 2000
const HEADER_BYTES = 16_384
const BETWEEN = ': \r\n'.length

/** What the parser reads of a target and of names and values together. */
export const HEAD_LIMIT = TARGET_LENGTH + HEADER_BYTES

/** `host [ ":" port ]`, where the host is a name, an IPv4 address or an IP literal (RFC 3986 section 3.2.2). */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+(?::\d{0,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{0,5})?$/
const ABSOLUTE = /^https?:\/\/[^/?#]+/i

/**
 * What is wrong with a request before it is looked at which route it asks for: what Node's parser lets through and HTTP does not. In the order
 * of the checks (HTTP-30): version, Host, Expect, sizes, repeated headers, path.
 * @returns the target in origin form (RFC 9112 section 3.2.1)
 * @throws {Fault} http-version-not-supported, malformed-request, expectation-failed, uri-too-long, headers-too-large, malformed-header, malformed-path
 */
export function checkFraming(req: IncomingMessage): string {
  if (req.httpVersion !== '1.1') checkOldVersion(req)
  const { host, expect, 'transfer-encoding': coding } = req.headers
  // HTTP/1.0 has no Host; HTTP/1.1 needs one, which may be empty (RFC 9112 section 3.2).
  const isHost = host === undefined ? req.httpVersion === '1.0' : host === '' || HOST.test(host)
  if (!isHost) return fault('malformed-request', { detail: 'Host is missing or is none' })
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return fault('malformed-request', { detail: 'Transfer-Encoding can only be chunked' })
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return fault('expectation-failed')
  const target = originForm(req.url ?? '')
  if (target.length > TARGET_LENGTH) return fault('uri-too-long')
  checkHeaders(req.rawHeaders)
  checkTarget(target, req.method)
  return target
}

function checkOldVersion(req: IncomingMessage): void {
  if (req.httpVersion === '0.9') fault('malformed-request', { detail: 'the request line names no HTTP version' })
  if (req.httpVersion !== '1.0') fault('http-version-not-supported')
  if (req.headers['transfer-encoding'] !== undefined) fault('malformed-request', { detail: 'HTTP/1.0 has no Transfer-Encoding' })
}

function checkHeaders(raw: readonly string[]): void {
  // Characters are bytes here: names and values come as latin1.
  const bytes = raw.reduce((all, text) => all + text.length, BETWEEN * (raw.length / 2))
  if (raw.length > 2 * HEADERS || bytes > HEADER_BYTES) fault('headers-too-large')
  let seen: Set<string> | undefined
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase() ?? ''
    if (!SINGLE.has(name)) continue
    if (seen?.has(name)) fault('malformed-header', { detail: `${name} stands twice` })
    seen = (seen ?? new Set()).add(name)
  }
}

/** A target may name scheme and authority (RFC 9112 section 3.2.2); they change nothing. */
export function originForm(raw: string): string {
  if (raw.startsWith('/')) return raw
  const [authority] = ABSOLUTE.exec(raw) ?? []
  if (authority === undefined) return raw
  const rest = raw.slice(authority.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function checkTarget(target: string, method: string | undefined): void {
  if (target === '*' && method === 'OPTIONS') return
  if (!/^\/[\x21-\x7e]*$/.test(target) || target.includes('#')) fault('malformed-path')
  const end = target.indexOf('?')
  if (target.includes('%')) checkEncoding(end < 0 ? target : target.slice(0, end))
}

function checkEncoding(path: string): void {
  try {
    decodeURIComponent(path)
  } catch {
    fault('malformed-path', { detail: 'its percent-encoding is broken, or is not of UTF-8' })
  }
}

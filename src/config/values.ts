import { isIPv4 } from 'node:net'
import { type Checked, flawed, valid } from '../domain/checked.ts'

/** From the text of one setting to its value. A flaw never holds the text: it may be a secret. */
export type Read<T> = (raw: string) => Checked<T>

/** One line as it is: neither empty nor padded, and without control characters. */
export function text(raw: string): Checked<string> {
  if (raw === '') return flawed('must not be empty: leave it unset instead')
  return raw === raw.trim() && !/\p{Cc}/u.test(raw) ? valid(raw) : flawed('must be one line without space around it')
}

/** Decimal digits and nothing else, so that `1e3`, `0x10`, ` 5` and `NaN` are no numbers. */
export const whole =
  (least: number, most: number): Read<number> =>
  (raw) =>
    /^(0|[1-9]\d{0,15})$/.test(raw) && Number(raw) >= least && Number(raw) <= most
      ? valid(Number(raw))
      : flawed(`must be a whole number from ${least} to ${most}`)

const UNITS = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const
const isUnit = (unit: string): unit is keyof typeof UNITS => Object.hasOwn(UNITS, unit)

/** Bytes, or a whole number of KB, MB, GB or TB: thousands, as the SI has them. */
export function bytes(raw: string): Checked<number> {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,15})([A-Z]*)$/.exec(raw) ?? []
  const value = isUnit(unit) ? Number(digits) * UNITS[unit] : 0
  return value >= 1 && value <= Number.MAX_SAFE_INTEGER ? valid(value) : flawed('must be a whole number of bytes from 1, or of KB, MB, GB or TB')
}

export const oneOf =
  <const T extends string>(...words: readonly T[]): Read<T> =>
  (raw) => {
    const found = words.find((word) => word === raw)
    return found === undefined ? flawed(`must be one of ${words.join(', ')}`) : valid(found)
  }

/** Comma-separated, with or without space after the comma; the empty text is the empty list. Duplicates fold. */
export const listOf =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (raw) => {
    const checked = raw === '' ? [] : raw.split(',').map((part) => read(part.trim()))
    const flaw = checked.find((one) => !one.ok)
    if (flaw?.ok === false) return flawed(`is a comma-separated list, each of which ${flaw.flaw}`)
    return valid([...new Set(checked.flatMap((one) => (one.ok ? [one.value] : [])))])
  }

/** A name or address to listen on; IPv6 without brackets. */
export const host: Read<string> = (raw) =>
  /^[\w.:%-]{1,253}$/.test(raw) ? valid(raw) : flawed('must be a host name or an IP address, without port or brackets')

/** An address of the web that is fetched or compared: no password in it, and nothing after the path. */
export function httpUrl(raw: string): Checked<URL> {
  const url = URL.parse(raw)
  if (url === null || !/^https?:\/\//i.test(raw) || /[\s\\]/.test(raw)) return flawed('must be a URL that begins with https:// or http://')
  if (url.username !== '' || url.password !== '') return flawed('must hold no user name and no password')
  return raw.includes('?') || raw.includes('#') ? flawed('must end with its path: no ? and no #') : valid(url)
}

/** Compared byte by byte with what browsers send, so it must be written as they write it. */
export const origin: Read<string> = (raw) =>
  /^https?:\/\/[^*]+$/.test(raw) && URL.parse(raw)?.origin === raw
    ? valid(raw)
    : flawed('must be an exact origin such as https://app.example.com: lower case, no path, no final slash, no default port, neither * nor null')

/** `postgres://…`; what else is in it is for the driver, which knows more forms than one would think. */
export function postgresUrl(raw: string): Checked<string> {
  const url = URL.parse(raw)
  if (url === null || !/^postgres(ql)?:\/\//.test(raw) || raw !== raw.trim() || /\p{Cc}/u.test(raw))
    return flawed('must be a URL that begins with postgres:// or postgresql://')
  if (url.pathname.length < 2 && url.username === '') return flawed('must name a database')
  return isEncoded(raw) ? valid(raw) : flawed('must have whole percent-encoding: a percent sign in a password is written %25')
}

function isEncoded(raw: string): boolean {
  try {
    decodeURIComponent(raw)
    return true
  } catch {
    return false
  }
}

/** What a bearer token may be made of (RFC 6750, section 2.1). */
export const bearerToken: Read<string> = (raw) => (/^[\w.~+/-]+=*$/.test(raw) ? valid(raw) : flawed('must consist of letters, digits and - . _ ~ + / only'))

/** Whether nobody but this machine can be meant. */
export const isLoopback = (name: string): boolean => /^(localhost|::1|\[::1\])$/.test(name.toLowerCase()) || (isIPv4(name) && name.startsWith('127.'))

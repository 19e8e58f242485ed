import { type Checked, flawed, valid } from './checked.ts'

/** Limits in Unicode code points (TASK-04, TASK-05). */
export const TITLE_LENGTH = 200
export const DESCRIPTION_LENGTH = 10_000

/** The form in which letter case is set aside: the same in every store and under every locale (LIST-08, LIST-09). */
export const folded = (text: string): string => text.toUpperCase().toLowerCase().replaceAll('ς', 'σ')

/** By code point, as PostgreSQL's `collate "C"` orders UTF-8; JavaScript's `<` orders by UTF-16 unit and differs above U+FFFF. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const difference = a.charCodeAt(at) - b.charCodeAt(at)
    if (difference !== 0) return isSurrogate(a, at) === isSurrogate(b, at) ? difference : isSurrogate(a, at) ? 1 : -1
  }
  return a.length - b.length
}

const isSurrogate = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xf800) === 0xd800

/** One line, trimmed: well-formed Unicode with no control character and no line or paragraph separator. */
export function line(raw: string, longest: number): Checked<string> {
  const text = raw.trim()
  if (text === '') return flawed('must not be empty')
  if (isLonger(text, longest)) return flawed(`must have at most ${longest} characters`)
  if (!text.isWellFormed()) return flawed(ILL_FORMED)
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) return flawed('must be one line without control characters')
  return valid(text)
}

export const title = (raw: string): Checked<string> => line(raw, TITLE_LENGTH)

export function description(raw: string): Checked<string> {
  if (isLonger(raw, DESCRIPTION_LENGTH)) return flawed(`must have at most ${DESCRIPTION_LENGTH} characters`)
  if (!raw.isWellFormed()) return flawed(ILL_FORMED)
  if (raw.includes('\0')) return flawed('must not hold the character NUL')
  return valid(raw)
}

const ILL_FORMED = 'must be well-formed Unicode: half of a surrogate pair stands alone'

function isLonger(text: string, longest: number): boolean {
  if (text.length <= longest) return false
  if (text.length > 2 * longest) return true
  let count = 0
  for (const _ of text) count++
  return count > longest
}

import { type Checked, flawed, valid } from '../domain/checked.ts'

/** Objects and arrays within one another, the outermost counted. */
export const DEEPEST = 64

/**
 * Reads JSON (RFC 8259) more strictly than `JSON.parse`: a member that stands twice in one object, whose meaning RFC 8259 leaves open,
 * is a flaw, and so is nesting over 64. `__proto__` is a member like any other. The flaw never quotes the text.
 */
export function parseStrict(text: string): Checked<unknown> {
  const written = measure(text)
  if (written.depth > DEEPEST) return flawed(`is nested over ${DEEPEST} levels deep`)
  const parsed = parse(text)
  // What `JSON.parse` folds is what was written twice, however the names were escaped: the counts differ then, and only then.
  return parsed.ok && members(parsed.value) !== written.members ? flawed('has a member twice') : parsed
}

function parse(text: string): Checked<unknown> {
  try {
    return valid(JSON.parse(text))
  } catch {
    return flawed('is not JSON')
  }
}

/** Counts what stands outside strings: colons, which are members where the text is JSON, and how deep brackets go. */
function measure(text: string): { readonly members: number; readonly depth: number } {
  let members = 0
  let depth = 0
  let level = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) quoted = !quoted
    else if (quoted) at += code === BACKSLASH ? 1 : 0
    else if (code === COLON) members++
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth = Math.max(depth, ++level)
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) level--
  }
  return { members, depth }
}

/** Recursion is as deep as the text is nested, which was looked at before. */
function members(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner: unknown[] = Object.values(value)
  return inner.reduce<number>((count, each) => count + members(each), Array.isArray(value) ? 0 : inner.length)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

import { type Checked, flawed, valid } from './checked.ts'
import { compareText, line } from './text.ts'

export const TAGS = 20
/** In code points. */
export const TAG_LENGTH = 50

export function tag(raw: string): Checked<string> {
  const checked = line(raw, TAG_LENGTH)
  return checked.ok && checked.value.includes(',') ? flawed('must not hold a comma') : checked
}

/** Tags are a set: exact duplicates fold, order is by code point (TASK-09). */
export const tagSet = (tags: readonly string[]): readonly string[] => [...new Set(tags)].sort(compareText)

export const tagCount = (sent: number): Checked<number> => (sent > TAGS ? flawed(`must have at most ${TAGS} tags`) : valid(sent))

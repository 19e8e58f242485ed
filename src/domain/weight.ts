import type { Fields } from './change.ts'
import type { Task } from './task.ts'

/** What a row weighs besides its texts, in bytes: a round figure for columns of fixed size and index entries. */
const ROW = 256

/** The bytes that count towards `STORAGE_QUOTA` (STORE-08): UTF-8 of the texts, and a round figure for each row. */
export const taskWeight = (task: Task): number => ROW + bytes(task.title) + bytes(task.description) + bytes(task.due ?? '') + bytes(task.tags.join())

export const entryWeight = (fields: Fields): number => ROW + bytes(JSON.stringify(fields))

export const answerWeight = (body: string | null): number => ROW + bytes(body ?? '')

/** Of the text as UTF-8. */
export function bytes(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f) count += code > 0x7ff && (code & 0xf800) !== 0xd800 ? 2 : 1
  }
  return count
}

import { Buffer, isUtf8 } from 'node:buffer'
import { type Checked, flawed, valid } from '../../domain/checked.ts'

/** In bytes, as they read after any content coding: a small answer may unfold into a large one. */
export const LARGEST_KEY_SET = 65_536

/** Milliseconds for the whole of it, from the name's look-up to the last byte. */
export const DOWNLOAD_TIMEOUT = 2_000

/** The text of a key set, or why there is none (KEYS-01). No redirect is followed: it would lead away from what the operator named. */
export async function download(url: URL, timeout: number = DOWNLOAD_TIMEOUT): Promise<Checked<string>> {
  try {
    // A key that is new must not wait for a cache on the way.
    const answer = await fetch(url, { redirect: 'manual', cache: 'no-store', headers: { accept: 'application/json' }, signal: AbortSignal.timeout(timeout) })
    if (answer.status === 200 && answer.body !== null) return await readText(answer.body)
    await answer.body?.cancel()
    return flawed(`answered with status ${answer.status}`)
  } catch (error) {
    return flawed(reasonOf(error))
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<Checked<string>> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.byteLength
    if (size > LARGEST_KEY_SET) return flawed(`is over ${LARGEST_KEY_SET} bytes`)
    parts.push(part)
  }
  const bytes = Buffer.concat(parts)
  return isUtf8(bytes) ? valid(bytes.toString()) : flawed('is not UTF-8')
}

/** The system's code, such as `ECONNREFUSED`, or the error's name, such as `TimeoutError`: the message would hold the address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) throw error
  const { cause = error } = error
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : error.name
  return `failed with ${code}`
}

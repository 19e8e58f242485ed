import { TextDecoder } from 'node:util'
import { parseStrict } from '../../application/strict-json.ts'
import { bringsBody } from './arrival.ts'
import type { Context } from './context.ts'
import { ACCEPT_PATCH } from './headers.ts'
import { Fault, fault } from './problem.ts'

/** What is read of a body at most, in bytes (HTTP-18). */
export const BODY_LIMIT = 102_400

/** The same of a batch (BATCH-12). */
export const BATCH_LIMIT = 1_048_576

/** A body as it came, or the fault that is held back until its turn in the order of the checks (HTTP-30). */
export type Body = Buffer | Fault

export const bytesOf = (body: Body): Buffer => {
  if (body instanceof Fault) throw body
  return body
}

/** What is read at most of a body that nobody wants, in bytes (HTTP-20). */
const DROPPED_LIMIT = 4 * 1024 * 1024

/**
 * The bytes of a body that has one of the types. One of another type, or too large, is not read on.
 * @param types undefined: of any type, as only its bytes count
 */
export async function readBody(ctx: Context, types: readonly string[] | undefined, limit = BODY_LIMIT): Promise<Body> {
  const wrongType = types === undefined ? undefined : typeFault(ctx, types)
  if (wrongType !== undefined) return wrongType
  const pieces: Buffer[] = []
  return (await takeIn(ctx, limit, (piece) => pieces.push(piece))) ?? Buffer.concat(pieces)
}

const NO_BODY = Buffer.alloc(0)

/** Waits for the end of a body that nobody wants, as a request that is broken before its end is none. */
export async function dropBody(ctx: Context): Promise<Body> {
  return (bringsBody(ctx.req) ? await takeIn(ctx, DROPPED_LIMIT, () => {}) : undefined) ?? NO_BODY
}

const tooLarge = (limit: number): Fault => new Fault({ slug: 'body-too-large', detail: `a body here has at most ${limit} bytes` })

const CUT_SHORT = new Fault({ slug: 'malformed-request', detail: 'the body was cut short' })

/** Up to the end, or what is wrong with it. */
function takeIn({ req, res }: Context, limit: number, keep: (piece: Buffer) => void): Promise<Fault | undefined> | Fault {
  // Who left while the token was looked at: of that nothing would be heard any more.
  if (req.destroyed || res.closed) throw CUT_SHORT
  if (Number(req.headers['content-length'] ?? 0) > limit) return tooLarge(limit)
  // To HTTP/1.0 it says nothing, and its client would take a 100 for the answer (RFC 9110 section 10.1.1).
  if (req.headers.expect !== undefined && req.httpVersion !== '1.0') res.writeContinue()
  return new Promise((resolve, reject) => {
    let size = 0
    const take = (piece: Buffer): void => {
      size += piece.length
      if (size <= limit) return void keep(piece)
      req.off('data', take)
      resolve(tooLarge(limit))
    }
    req.on('data', take)
    req.once('end', () => resolve(undefined))
    // The client is gone, or what the parser could not read, or the clock cut off, has been answered, after which the request neither ends
    // nor fails any more. Nobody waits for this then, but what is held for the request must be let go (RATE-06).
    req.once('error', () => reject(CUT_SHORT))
    res.once('close', () => reject(CUT_SHORT))
  })
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/** RFC 9110 section 5.6.6: what is between two semicolons may be empty. Each blank is matched in one place alone, so that no text takes long. */
const PARAMETER = String.raw`;[ \t]*(?:(${TOKEN})=("(?:[^"\\]|\\.)*"|${TOKEN})[ \t]*)?`
const MEDIA_TYPE = new RegExp(String.raw`^(${TOKEN}/${TOKEN})[ \t]*((?:${PARAMETER})*)$`)
const PARAMETERS = new RegExp(PARAMETER, 'g')

function typeFault({ req: { headers }, method }: Context, types: readonly string[]): Fault | undefined {
  const patch = method === 'PATCH' ? { 'Accept-Patch': ACCEPT_PATCH } : {}
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    return new Fault({ slug: 'unsupported-media-type', detail: 'a body has no content coding', headers: { ...patch, 'Accept-Encoding': 'identity' } })
  }
  const [, type = '', parameters = ''] = MEDIA_TYPE.exec(headers['content-type'] ?? '') ?? []
  const charsets = [...parameters.matchAll(PARAMETERS)].filter(([, name]) => name?.toLowerCase() === 'charset').map(([, , value]) => value?.toLowerCase())
  const isFit = types.includes(type.toLowerCase()) && charsets.length < 2 && charsets.every((charset) => charset === 'utf-8' || charset === '"utf-8"')
  return isFit ? undefined : new Fault({ slug: 'unsupported-media-type', detail: `a body here is ${types.join(' or ')} in UTF-8`, headers: patch })
}

/** A byte order mark is no JSON (RFC 8259 section 8.1), so it is left in, for the parser to see. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws {Fault} malformed-json (HTTP-19) */
export function parseBody(bytes: Buffer): unknown {
  const parsed = parseStrict(textOf(bytes))
  return parsed.ok ? parsed.value : fault('malformed-json', { detail: `the body ${parsed.flaw}` })
}

function textOf(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    return fault('malformed-json', { detail: 'the body is not UTF-8' })
  }
}

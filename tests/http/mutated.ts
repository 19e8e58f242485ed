import fc from 'fast-check'
import { tokenOf } from './client.ts'
import { type Generated, LATEST_CURSOR, validRequests } from './generated.ts'

type Tampering = fc.Arbitrary<(request: Generated) => Generated>

/** What a client of HTTP can send at all; CONNECT is a test of its own. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY', 'PURGE', 'M-SEARCH', 'LINK']
const PATH_PIECES = [
  '/',
  '//',
  '/..',
  '/.',
  '%',
  '%zz',
  '%2F',
  '%00',
  '%C0%AF',
  '%ED%A0%80',
  '%F0%9F%98%80',
  ';x=1',
  '?',
  '&',
  '=',
  '[',
  '|',
  '~',
  'A',
  '0',
  "'",
  '"',
  '<',
  '\\',
  '^',
]
const TEXTS = [
  '',
  ' ',
  '\0',
  '\u0007',
  '\u2028',
  '\ud800',
  '😀',
  '-1',
  '0',
  '1e9',
  '9007199254740993',
  'NaN',
  'null',
  '__proto__',
  '..',
  '%',
  "' or 1=1 --",
  '2026-02-30',
  'x'.repeat(300),
  'ß'.repeat(201),
]
const QUERY_NAMES = [
  'limit',
  'cursor',
  'sort',
  'status',
  'priority',
  'tag',
  'dueAfter',
  'dueBefore',
  'timeZone',
  'q',
  'since',
  'dryRun',
  'owner',
  'sub',
  '_method',
  '__proto__',
  '',
]
const HEADERS: readonly (readonly [name: string, ...values: readonly string[]])[] = [
  ['Accept', 'text/html', 'application/json;q=0', '*/*;q=0.001', 'application/*', 'x', ',', 'application/problem+json', 'application/json; q=2'],
  ['Accept-Encoding', 'gzip', 'identity;q=0', '*;q=0'],
  [
    'Content-Type',
    'application/json',
    'application/json; charset=utf-16',
    'application/JSON;charset="UTF-8"',
    'application/merge-patch+json',
    'text/plain',
    'multipart/form-data',
    '/',
    'application/json, text/plain',
    '\xff',
  ],
  ['Content-Encoding', 'gzip', 'identity', 'br, gzip', ''],
  ['If-Match', '', '*', 'x', '"', '""', 'W/"1"', '"1", *', `"${'9'.repeat(400)}"`, '"\xff"', '"1",,"2"', Array(2000).fill('"1"').join()],
  ['If-None-Match', '', '*', 'x', 'W/"1"', '*, "1"', '"\t"'],
  ['If-Unmodified-Since', '', 'yesterday', 'Tue, 24 Nov 2026 09:00:00 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', '9'.repeat(50)],
  ['Idempotency-Key', '', '""', '"', 'a b', 'k,k', '"\\"', 'k'.repeat(256), '\xe9', '"k"; p=1'],
  ['Last-Event-ID', '', '-1', '01', 'x', '9'.repeat(16), '0'],
  ['Authorization', '', 'Bearer', 'Bearer ', 'Basic YTpi', 'bearer x', 'Bearer a.b.c', 'Bearer a b', `Bearer ${'a'.repeat(8193)}`, '\xff'],
  ['Host', '', 'a b', 'a/b', '[::1]:80', '[x', 'a:99999999', 'a@b', 'xn--'],
  ['Origin', 'null', 'https://evil.test', '*', ''],
  ['Expect', 'coffee', ''],
  ['X-Forwarded-For', '1.2.3.4', ',', 'x', '::1, 127.0.0.1', '1'.repeat(5000)],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['Range', 'bytes=0-1'],
  ['Cookie', `session=${tokenOf('eve')}`],
  ['X-Large', 'x'.repeat(17_000)],
  ['Connection', 'close', 'upgrade', 'keep-alive, x'],
]
const SUBJECTS: readonly (string | null)[] = [
  null,
  tokenOf('ada', 5),
  tokenOf('ada', ''),
  tokenOf('ada', ['tasks:read']),
  tokenOf('bob', undefined, 1),
  'x'.repeat(30),
  tokenOf('eve', 'TASKS:READ'),
]
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  '',
  ' ',
  '\0',
  '\u0007',
  '😀',
  'x'.repeat(10_001),
  [],
  {},
  [[]],
  [null],
  { a: 1 },
  Array(101).fill({}),
  Array(21).fill('t'),
  'todo',
  '2026-13-01',
  '0000-01-01',
  '00000000-0000-4000-8000-000000000001',
]
const MEMBERS = [
  'id',
  'title',
  'description',
  'status',
  'priority',
  'due',
  'tags',
  'version',
  'operations',
  'op',
  'body',
  'ifVersion',
  'owner',
  'owner_id',
  '__proto__',
  'constructor',
  '',
]
const BODIES: readonly (string | Uint8Array)[] = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '1',
  '{}{}',
  '\ufeff{"title":"x"}',
  '{"title":"x","title":"y"}',
  '{"title":"\\ud800"}',
  '{"title":"x",}',
  "{'title':'x'}",
  '['.repeat(70) + ']'.repeat(70),
  '{"a":'.repeat(2000),
  Buffer.from('7b227469746c65223a22ff227d', 'hex'),
  Buffer.alloc(64),
  `{"title":"${'x'.repeat(103_000)}"}`,
  '{"version":1e400}',
  '{"version":9007199254740993}',
]

const at = fc.nat(4000)

/** Something put in at a place, so many characters taken out. */
function spliced(text: string, put: string, place: number, cut: number): string {
  const start = place % (text.length + 1)
  return text.slice(0, start) + put + text.slice(start + cut)
}

const path: Tampering = fc.tuple(fc.constantFrom(...PATH_PIECES), at, fc.nat(3)).map(([piece, place, cut]) => (one) => ({
  ...one,
  path: `/${spliced(one.path.slice(1), piece, place, cut)}`,
}))
const method: Tampering = fc.constantFrom(...METHODS).map((name) => (one) => ({ ...one, method: name }))
const query: Tampering = fc
  .tuple(fc.constantFrom(...QUERY_NAMES), fc.constantFrom(...TEXTS, LATEST_CURSOR), fc.boolean())
  .map(([name, value, isRaw]) => (one) => {
    const text = isRaw ? value.replaceAll(/[^\x21-\x7e]/g, '+') : encodeURIComponent(value.toWellFormed())
    return { ...one, path: `${one.path}${one.path.includes('?') ? '&' : '?'}${name}=${text}` }
  })
const header: Tampering = fc
  .constantFrom(...HEADERS)
  .chain(([name, ...values]) => fc.constantFrom(...values).map((value) => (one: Generated) => ({ ...one, headers: { ...one.headers, [name]: value } })))
const subject: Tampering = fc.constantFrom(...SUBJECTS).map((as) => (one) => ({ ...one, as }))
const body: Tampering = fc.constantFrom(...BODIES).map((bytes) => (one) => ({ ...one, body: bytes }))
const bytes: Tampering = fc.tuple(fc.constantFrom(...TEXTS, '"', '{', ']', ',', ':', '\\', '\\u0000'), at, fc.nat(4)).map(([piece, place, cut]) => (one) => ({
  ...one,
  body: typeof one.body === 'string' ? spliced(one.body, piece, place, cut) : piece,
}))
const member: Tampering = fc.tuple(fc.constantFrom(...MEMBERS), fc.constantFrom(...VALUES)).map(([name, value]) => (one) => {
  const read: unknown = typeof one.body === 'string' ? JSON.parse(one.body) : {}
  return { ...one, body: JSON.stringify(Object.fromEntries([...Object.entries(read ?? {}), [name, value]])) }
})

const TAMPERINGS = fc.oneof(
  { weight: 3, arbitrary: path },
  { weight: 2, arbitrary: method },
  { weight: 3, arbitrary: query },
  { weight: 5, arbitrary: header },
  { weight: 1, arbitrary: subject },
  { weight: 2, arbitrary: body },
  { weight: 3, arbitrary: bytes },
)

/** A request of the document with one to four things done to it; the member first, as it reads the body. */
export const mutatedRequests: fc.Arbitrary<Generated> = fc
  .tuple(validRequests, fc.array(member, { maxLength: 1 }), fc.array(TAMPERINGS, { minLength: 1, maxLength: 3 }))
  .map(([request, first, others]) => ({ ...[...first, ...others].reduce((one, tamper) => tamper(one), request), isMutated: true }))

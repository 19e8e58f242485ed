import { expect } from 'chai'
import fc from 'fast-check'
import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, it } from 'mocha'
import { type Codec, flawsOf } from '../../src/adapters/http/codecs/kit.ts'
import { DRAFT, EDIT, NEW_TASK } from '../../src/adapters/http/codecs/task.ts'
import { PRIORITIES, STATUSES } from '../../src/domain/task.ts'
import { figure } from '../contracts/opened-store.ts'
import { schemaOf } from '../openapi.ts'

/** Bodies in all, half of them mutated. */
const BODIES = figure(10_000)

type Body = Readonly<Record<string, unknown>>

/** The three bodies that there are: what decodes each, what the document says of it, and what may be in it. */
const KINDS = [
  { schema: 'NewTask', codec: NEW_TASK, required: ['title'], nullable: ['due'], id: true },
  { schema: 'TaskReplacement', codec: DRAFT, required: ['title'], nullable: ['due'], id: false },
  { schema: 'TaskEdit', codec: EDIT, required: [], nullable: ['description', 'status', 'priority', 'due', 'tags'], id: false },
] as const satisfies readonly {
  readonly schema: string
  readonly codec: Codec<unknown>
  readonly required: readonly string[]
  readonly nullable: readonly string[]
  readonly id: boolean
}[]

type Kind = (typeof KINDS)[number]

describe('the codecs of bodies and openapi.yaml', () => {
  it(`DOC-05 TASK-17 agree that ${BODIES / 2} bodies are good`, () => {
    fc.assert(
      fc.property(kindAnd(valid), ([kind, body]) => {
        expect(verdicts(kind, body)).to.deep.equal({ codec: true, document: true })
      }),
      { numRuns: BODIES / 2 },
    )
  })

  it(`DOC-05 TASK-17 give the same verdict on ${BODIES / 2} bodies that were tampered with`, () => {
    let refused = 0
    fc.assert(
      fc.property(kindAnd(mutated), ([kind, body]) => {
        const { codec, document } = verdicts(kind, body)
        expect(codec).to.equal(document)
        if (!codec) refused++
      }),
      { numRuns: BODIES / 2 },
    )
    expect(refused).to.be.above(BODIES / 4)
  })

  for (const due of ['2026-02-30', '2026-11-30T09:00:00+05:00[Asia/Atlantis]', '2026-11-30T09:00:00+04:00[Asia/Karachi]']) {
    it(`TASK-07 refuse ${due}, which the document's pattern cannot`, () => {
      expect(NEW_TASK.decode({ title: 'x', due })._tag).to.equal('Left')
      expect(schemaOf('DueText')(due)).to.equal(true)
    })
  }
})

const NEEDS_A_CALENDAR = 'names a day, a zone, or an offset in that zone, that does not exist'

/** The codec's verdict is the one that a document can have: what takes a calendar to see is left to the codec. */
function verdicts({ schema, codec }: Kind, body: unknown): { readonly codec: boolean; readonly document: boolean } {
  const parsed: unknown = JSON.parse(JSON.stringify(body))
  const decoded = codec.decode(parsed)
  const flaws = isLeft(decoded) ? flawsOf(decoded.left).filter(({ pointer, message }) => !(pointer === '/due' && message === NEEDS_A_CALENDAR)) : []
  return { codec: flaws.length === 0, document: schemaOf(schema)(parsed) }
}

const kindAnd = <T>(of: (kind: Kind) => fc.Arbitrary<T>): fc.Arbitrary<readonly [Kind, T]> =>
  fc.constantFrom(...KINDS).chain((kind) => of(kind).map((body) => [kind, body] as const))

const SPACES = ['', '', ' ', '\t', '\n', '\u00a0', '\u2028', '\u3000', '\ufeff']
const space = fc.constantFrom(...SPACES)
const character = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((one) => !/[\p{Cc}\u2028\u2029]/u.test(one)) },
)

/** One line, up to its limit and often just there, with white space around it that is trimmed off. */
const line = (longest: number, hole: RegExp): fc.Arbitrary<string> =>
  fc
    .tuple(
      space,
      fc.oneof(
        fc.array(character, { minLength: 1, maxLength: 30 }),
        fc.tuple(character, fc.constantFrom(longest, longest - 1)).map(([one, n]) => Array(n).fill(one)),
      ),
      space,
    )
    .map(([before, characters, after]) => `${before}${characters.join('')}${after}`.replaceAll(hole, '.'))
    .filter((text) => text.trim() !== '')

const zone = fc.constantFrom('Asia/Karachi', 'Europe/Berlin', 'America/New_York', 'America/Argentina/Buenos_Aires', 'UTC', 'Etc/GMT+5')
const moment = fc.date({ min: new Date('0002-01-01T00:00:00Z'), max: new Date('9998-12-31T00:00:00Z'), noInvalidDate: true }).map((date) => date.toISOString())
const due = fc.oneof(
  moment.map((text) => text.slice(0, 10)),
  moment,
  fc
    .tuple(moment, fc.constantFrom('+05:00', '-11:30', '+00:00', 'Z'), fc.constantFrom(16, 19, 21, 22, 23))
    .map(([text, offset, length]) => text.slice(0, length) + offset),
  // In this century: zones once had offsets with seconds, which no due date can have.
  fc.tuple(moment, zone).map(([text, name]) => `${Temporal.Instant.from(`20${text.slice(2)}`).toZonedDateTimeISO(name)}`),
)

const fields = {
  title: line(200, /$^/g),
  description: fc.oneof(
    { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 50 }).map((text) => text.replaceAll('\0', '')) },
    { weight: 1, arbitrary: fc.constantFrom('d'.repeat(10_000), '😀'.repeat(10_000)) },
  ),
  status: fc.constantFrom(...STATUSES),
  priority: fc.constantFrom(...PRIORITIES),
  due,
  tags: fc.array(line(50, /,/g), { maxLength: 20 }),
}

const valid = (kind: Kind): fc.Arbitrary<Body> => {
  const nulls = Object.fromEntries(kind.nullable.map((name) => [name, fc.option<unknown>(fields[name], { nil: null })]))
  const id = fc.tuple(fc.uuid(), fc.boolean()).map(([text, isUpper]) => (isUpper ? text.toUpperCase() : text))
  const shape: Record<string, fc.Arbitrary<unknown>> = { ...fields, ...nulls, ...(kind.id ? { id } : {}) }
  return fc.record(shape, { requiredKeys: [...kind.required] })
}

const NAMES = ['id', 'title', 'description', 'status', 'priority', 'due', 'tags'] as const
const STRANGERS = ['id', 'owner', 'completedAt', 'version', 'deletedAt', 'Title', 'title ', 'constructor', 'toString', '__proto__', '$set', '']
const OFF = [null, 0, 1e21, true, false, '', ' ', 'x', [], {}, [[]], ['a', 1], [' '], 'DONE', 'toString', 'Infinity']
const DUES = [
  '0000-01-01',
  '10000-01-01',
  '2026-13-01',
  '2026-11-32',
  '2026-11-30T09:00',
  '2026-11-30T24:00Z',
  '2026-11-30T09:60Z',
  '2026-11-30T09:00:60Z',
  '2026-11-30T09:00:00.1234Z',
  '2026-11-30T09:00+24:00',
  '2026-11-30[UTC]',
  '2026-11-30T09:00Z[+05:00]',
  `2026-11-30T09:00Z[${'A'.repeat(82)}]`,
  ' 2026-11-30',
]
/** Each just beyond a limit. */
const BEYOND: readonly (readonly [name: string, value: unknown])[] = [
  ['title', 'x'.repeat(201)],
  ['title', `${'😀'.repeat(200)}x`],
  ['description', 'd'.repeat(10_001)],
  ['description', `${'😀'.repeat(10_000)}d`],
  ['tags', Array(21).fill('a')],
  ['tags', ['t'.repeat(51)]],
  ...DUES.map((text) => ['due', text] as const),
]
const HOSTILE = ['\0', '\u0007', '\u007f', '\u0085', '\u2028', '\u2029', '\ud800', '\udc00', ',', '\n', ' ', '\u200b', '😀']
const PIECES = ['', '0', '9', 'Z', ':', '-', '+05:00', '[', ']', '[UTC]', '.5', '.1234', 'T', ' ', '0000']

/** A good body with one thing done to it: mostly no longer good. */
function mutated(kind: Kind): fc.Arbitrary<unknown> {
  const at = fc.nat(400)
  const body = valid(kind)
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(null, 1, 'x', true, [], [{ title: 'x' }]) },
    { weight: 1, arbitrary: body.map(({ title: _, ...rest }) => rest) },
    { weight: 4, arbitrary: fc.tuple(body, fc.constantFrom(...NAMES), fc.constantFrom(...OFF)).map(([good, name, off]) => withMember(good, name, off)) },
    { weight: 5, arbitrary: fc.tuple(body, fc.constantFrom(...BEYOND)).map(([good, [name, value]]) => withMember(good, name, value)) },
    { weight: 2, arbitrary: fc.tuple(body, fc.constantFrom(...STRANGERS), fc.jsonValue()).map(([good, name, value]) => withMember(good, name, value)) },
    {
      weight: 5,
      arbitrary: fc
        .tuple(body, fc.constantFrom('title', 'description', 'tags'), fc.constantFrom(...HOSTILE), at)
        .map(([good, name, bad, n]) => withMember(good, name, name === 'tags' ? ['a', spliced('milk', bad, n, 0)] : spliced('Buy milk', bad, n, 0))),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(body, due, fc.constantFrom(...PIECES), at, fc.nat(4))
        .map(([good, text, piece, n, cut]) => ({ ...good, due: spliced(text, piece, n, cut) })),
    },
  )
}

/** An own member whatever its name, as `JSON.parse` makes it. */
const withMember = (body: Body, name: string, value: unknown): Body => Object.fromEntries([...Object.entries(body), [name, value]])

function spliced(text: string, put: string, at: number, cut: number): string {
  const start = at % (text.length + 1)
  return text.slice(0, start) + put + text.slice(start + cut)
}

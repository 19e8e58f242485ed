import fc from 'fast-check'
import { document, type Operation, operations, type Parameter, type Schema, schemaOf } from '../openapi.ts'
import { tokenOf } from './client.ts'

/** A request made from openapi.yaml, as it goes out. */
export interface Generated {
  readonly method: string
  readonly path: string
  /** Whose task, tag and cursor it refers to. */
  readonly owner: string
  readonly as: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
  /** Whether it was tampered with. */
  readonly isMutated: boolean
}

/** In a header, query, path or body, for what the answers before brought; whoever sends the request puts it in. */
export const LATEST_TAG = '"latest"'
export const LATEST_CURSOR = 'latest-cursor'
export const LATEST_ID = 'ffffffff-ffff-4fff-bfff-ffffffffffff'

const OWNERS = ['ada', 'bob', 'eve']
/** So few that requests meet each other's tasks. */
const IDS = Array.from({ length: 24 }, (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`)

/** What the document says little about, for the sake of requests that get far. */
const KNOWN: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  id: fc.oneof({ weight: 6, arbitrary: fc.constant(LATEST_ID) }, { weight: 3, arbitrary: fc.constantFrom(...IDS) }, { weight: 1, arbitrary: fc.uuid() }),
  newId: fc.oneof({ weight: 3, arbitrary: fc.constant(LATEST_ID) }, { weight: 1, arbitrary: fc.constantFrom(...IDS) }, { weight: 4, arbitrary: fc.uuid() }),
  cursor: fc.constant(LATEST_CURSOR),
  timeZone: fc.constantFrom('UTC', 'Asia/Karachi', 'America/New_York'),
  q: fc.constantFrom('milk', 'a', 'x y', '%', 'é'),
  'If-Match': fc.constantFrom(LATEST_TAG, '*', '"1"', '"7", "8"'),
  'If-None-Match': fc.constantFrom('"1"', 'W/"2"', '"x"'),
  'If-Unmodified-Since': fc.constantFrom('Tue, 24 Nov 2026 09:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT'),
  'Idempotency-Key': fc.constantFrom('k1', '"k2"', 'k3', '"k 4"'),
}

/** A value that the document allows. */
function allowedBy(schema: Schema): fc.Arbitrary<unknown> {
  const { $ref, oneOf, items, properties } = schema
  const name = $ref?.split('/').at(-1)
  if (name !== undefined) return name === 'UuidText' ? known('newId') : named(name)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (oneOf !== undefined) return fc.oneof(...oneOf.map(allowedBy))
  if (properties !== undefined) {
    const members = Object.fromEntries(Object.entries(properties).map(([member, of]) => [member, allowedBy(of)]))
    return fc.record(members, { requiredKeys: [...(schema.required ?? [])] })
  }
  if (items !== undefined) return fc.array(allowedBy(items), { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 5, 5) })
  return plainOf(schema)
}

function plainOf({ type, pattern, minimum = 0, maximum = 1000, minLength = 0, maxLength = 20, format }: Schema): fc.Arbitrary<unknown> {
  if (type === 'null') return fc.constant(null)
  if (type === 'boolean') return fc.boolean()
  if (type === 'integer') return fc.oneof(fc.integer({ min: minimum, max: Math.min(maximum, minimum + 5) }), fc.integer({ min: minimum, max: maximum }))
  if (type !== 'string') throw new Error(`no values of the type ${type}`)
  if (format === 'uuid') return known('id')
  // Classes such as `\p{Cs}` cannot be generated from, so texts of any kind are, and those that fit are taken.
  if (pattern !== undefined && !pattern.includes('\\p{')) return fc.stringMatching(new RegExp(pattern, 'u'))
  const fits = new RegExp(pattern ?? '', 'u')
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 20) }).filter((text) => fits.test(text))
}

const found = new Map<string, fc.Arbitrary<unknown>>()

/** Of a schema under `components`; the document's own validator has the last word. */
function named(name: string): fc.Arbitrary<unknown> {
  const before = found.get(name)
  if (before !== undefined) return before
  const schema = document.components.schemas[name]
  if (schema === undefined) throw new Error(`openapi.yaml has no schema ${name}`)
  const fits = schemaOf(name)
  const values = allowedBy(schema).filter((value) => fits(value) === true)
  found.set(name, values)
  return values
}

function known(name: string): fc.Arbitrary<unknown> {
  const values = KNOWN[name]
  if (values === undefined) throw new Error(`nothing is known of ${name}`)
  return values
}

const parameter = ({ name, schema }: Parameter): fc.Arbitrary<string> => (KNOWN[name] ?? allowedBy(schema)).map((value) => `${value}`)

/** Some of them, each at most once. */
const someOf = (parameters: readonly Parameter[], where: Parameter['in']): fc.Arbitrary<Readonly<Record<string, string>>> =>
  fc
    .record(Object.fromEntries(parameters.filter((one) => one.in === where).map((one) => [one.name, fc.option(parameter(one), { nil: '', freq: 2 })])))
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')))

const target = (path: string, ids: Readonly<Record<string, string>>, query: Readonly<Record<string, string>>): string => {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? ''))
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return pairs.length === 0 ? filled : `${filled}?${pairs.join('&')}`
}

const SCOPES = [undefined, undefined, undefined, undefined, undefined, undefined, 'tasks:read tasks:write', 'tasks:read', 'tasks:write']
const who = fc.tuple(fc.constantFrom(...OWNERS), fc.constantFrom(...SCOPES)).map(([owner, scope]) => ({ owner, as: tokenOf(owner, scope) }))

function validOf(operation: Operation): fc.Arbitrary<Generated> {
  const { method, path, parameters, bodies } = operation
  const ids = fc.record(Object.fromEntries(parameters.filter((one) => one.in === 'path').map((one) => [one.name, parameter(one)])))
  const types = Object.entries(bodies)
  const body =
    types.length === 0
      ? fc.constant(undefined)
      : fc.oneof(...types.map(([type, schema]) => allowedBy(schema).map((value) => [type, JSON.stringify(value)] as const)))
  return fc.tuple(ids, someOf(parameters, 'query'), someOf(parameters, 'header'), body, who).map(([filled, query, headers, sent, asker]) => {
    const typed = sent === undefined ? {} : { 'Content-Type': sent[0] }
    // Not both at once: the document says so in words.
    const { since: _, ...beside } = query
    return {
      method,
      path: target(path, filled, query['cursor'] === undefined ? query : beside),
      ...asker,
      headers: { ...headers, ...typed },
      body: sent?.[1],
      isMutated: false,
    }
  })
}

/** Reads of what needs no database are few, writes many. */
const weightOf = ({ method, path }: Operation): number =>
  /docs|problems|openapi|health|metrics/.test(path) ? 1 : path === '/api/tasks' && method === 'POST' ? 12 : 5

/** A request that the document allows, of any operation. */
export const validRequests: fc.Arbitrary<Generated> = fc.oneof(
  ...operations.map((operation) => ({ weight: weightOf(operation), arbitrary: validOf(operation) })),
)

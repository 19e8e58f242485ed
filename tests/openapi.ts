import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { parse } from 'yaml'

/** A request as far as the document needs it; the path as sent, with its query if it had one. */
export interface Asked {
  readonly method: string
  readonly path: string
}

/** An answer as it came; `body` is its text, empty where there was none. */
export interface Answered {
  readonly status: number
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** One operation of specs/api/openapi.yaml. */
export interface Operation {
  readonly id: string
  /** In capitals. */
  readonly method: string
  /** As in the document: `/api/tasks/{id}`. */
  readonly path: string
  readonly rules: readonly string[]
  /** Those of its path included. */
  readonly parameters: readonly Parameter[]
  /** What a body may be, by media type; none where it needs no body. */
  readonly bodies: Readonly<Record<string, Schema>>
  readonly responses: Readonly<Record<string, { readonly $ref: string }>>
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly schema: Schema
}

/** As much of JSON Schema as the parameters and bodies of requests use. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly oneOf?: readonly Schema[]
  readonly not?: Schema
}

interface Document {
  readonly 'x-rules': readonly string[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly components: {
    readonly parameters: Readonly<Record<string, Parameter>>
    readonly responses: Readonly<Record<string, Response>>
    readonly headers: Readonly<Record<string, { readonly required?: boolean; readonly schema: { readonly type: string } }>>
    readonly schemas: Readonly<Record<string, Schema>>
  }
}

interface Response {
  readonly headers?: Readonly<Record<string, { readonly $ref: string }>>
  readonly content?: Readonly<Record<string, unknown>>
  readonly 'x-body-optional'?: boolean
}

interface RawOperation {
  readonly operationId: string
  readonly 'x-rules'?: readonly string[]
  readonly parameters?: readonly { readonly $ref: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Operation['responses']
}

export const document: Document = parse(readFileSync(new URL('../specs/api/openapi.yaml', import.meta.url), 'utf8'))

const METHODS = ['get', 'put', 'post', 'patch', 'delete']

const isOperation = (member: unknown): member is RawOperation => typeof member === 'object' && member !== null && 'operationId' in member

export const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const raw = item[method]
    if (!isOperation(raw)) return []
    const { operationId: id, 'x-rules': rules = [], responses } = raw
    const parameters = [item['parameters'], raw.parameters].flatMap(parametersOf)
    const bodies = Object.fromEntries(Object.entries(raw.requestBody?.content ?? {}).map(([type, { schema }]) => [type, schema]))
    return [{ id, method: method.toUpperCase(), path, rules, parameters, bodies, responses }]
  }),
)

/** Every parameter stands under `components` and is referred to. */
function parametersOf(listed: unknown): readonly Parameter[] {
  const references: readonly { readonly $ref: string }[] = Array.isArray(listed) ? listed : []
  return references.map(({ $ref }) => {
    const found = document.components.parameters[$ref.split('/').at(-1) ?? '']
    if (found === undefined) throw new Error(`openapi.yaml has no ${$ref}`)
    return found
  })
}

const ajv = new Ajv2020({ strict: true, allErrors: true })
formats.default(ajv)
ajv.addKeyword('components')
ajv.addSchema({ $id: 'document', components: document.components })

/** The validator of a schema under `components`, by the document's own pointer to it. */
function validator(pointer: string): ValidateFunction {
  const found = ajv.getSchema(`document${pointer}`)
  if (found === undefined) throw new Error(`openapi.yaml has no ${pointer}`)
  return found
}

/** The validator of a component schema, such as `NewTask`. */
export const schemaOf = (name: string): ValidateFunction => validator(`#/components/schemas/${name}`)

/**
 * Holds an answer to openapi.yaml: its status is documented, its headers are there and as documented, its body is of the documented
 * type and shape. An answer that belongs to no operation (an unknown route, a method that the path lacks) is held to the problem's
 * shape alone, OPTIONS to 204 with `Allow`, and `GET /`, which stands outside the document, to its redirection (HTTP-05).
 * @throws {Error} that says what differs
 */
export function conforms(asked: Asked, answered: Answered): void {
  const operation = operationOf(asked)
  const name = operation === undefined ? undefined : operation.responses[answered.status]?.$ref.split('/').at(-1)
  const undocumented = operation !== undefined && name === undefined
  const flaws = undocumented ? ['the status is not documented'] : flawsOf(asked, answered, name ?? responseWithoutOperation(answered))
  if (flaws.length === 0) return
  throw new Error(`${asked.method} ${asked.path} answered ${answered.status}, not as in openapi.yaml: ${flaws.join('; ')}\n${answered.body.slice(0, 1000)}`)
}

function operationOf({ method, path }: Asked): Operation | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method
  const segments = path.split('?', 1)[0]?.split('/') ?? []
  const fits = (template: string): boolean => {
    const parts = template.split('/')
    return parts.length === segments.length && parts.every((part, at) => part === segments[at] || (part.startsWith('{') && segments[at] !== ''))
  }
  // A path that is written out as it stands has none of the methods of one with an id.
  const asked = segments.join('/')
  const isWrittenOut = Object.hasOwn(document.paths, asked) && !asked.includes('{')
  return operations.find((operation) => operation.method === wanted && (isWrittenOut ? operation.path === asked : fits(operation.path)))
}

/** The response that an answer without an operation is held to, where there is one. */
const responseWithoutOperation = ({ status }: Answered): string | undefined => ({ 404: 'NotFound', 405: 'MethodNotAllowed' })[status]

function flawsOf(asked: Asked, answered: Answered, name: string | undefined): readonly string[] {
  if (name === undefined) return flawsWithoutOperation(asked, answered)
  const response = document.components.responses[name]
  if (response === undefined) return [`components.responses has no ${name}`]
  return [...headerFlaws(answered, response), ...bodyFlaws(asked, answered, name, response)]
}

function flawsWithoutOperation({ method, path }: Asked, answered: Answered): readonly string[] {
  if (method === 'OPTIONS' && answered.status === 204)
    return [...(header(answered, 'allow') === undefined ? ['no Allow'] : []), ...(answered.body === '' ? [] : ['a body'])]
  if (path.split('?', 1)[0] === '/' && answered.status === 302) return header(answered, 'location') === '/api/docs' ? [] : ['it leads elsewhere']
  if (answered.status < 400) return ['the document has no such operation']
  if (method === 'HEAD') return []
  return mediaType(answered) === 'application/problem+json' ? jsonFlaws(answered.body, schemaOf('Problem')) : [`the content type is ${mediaType(answered)}`]
}

function headerFlaws(answered: Answered, response: Response): readonly string[] {
  return Object.entries(response.headers ?? {}).flatMap(([name, { $ref }]) => {
    const described = document.components.headers[$ref.split('/').at(-1) ?? '']
    if (described === undefined) return [`the document has no ${$ref}`]
    const value = header(answered, name)
    if (value === undefined) return described.required === true ? [`the header ${name} is missing`] : []
    const check = validator(`${$ref}/schema`)
    return check(described.schema.type === 'integer' ? Number(value) : value) ? [] : [`the header ${name} is ${value}: ${ajv.errorsText(check.errors)}`]
  })
}

function bodyFlaws(asked: Asked, answered: Answered, name: string, response: Response): readonly string[] {
  const type = mediaType(answered)
  if (response.content === undefined) return answered.body === '' && type === undefined ? [] : ['there is a body']
  if (answered.body === '' && (asked.method === 'HEAD' || (response['x-body-optional'] === true && type === undefined))) return []
  if (type === undefined || !Object.hasOwn(response.content, type)) return [`the content type ${type} is not documented`]
  const check = validator(`#/components/responses/${name}/content/${encodeURIComponent(type.replaceAll('/', '~1'))}/schema`)
  if (type.endsWith('json')) return jsonFlaws(answered.body, check)
  return check(answered.body) ? [] : [ajv.errorsText(check.errors)]
}

function jsonFlaws(text: string, check: ValidateFunction): readonly string[] {
  try {
    return check(JSON.parse(text)) ? [] : [ajv.errorsText(check.errors, { dataVar: 'body' })]
  } catch {
    return ['the body is no JSON']
  }
}

const mediaType = (answered: Answered): string | undefined => header(answered, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase()

function header({ headers }: Answered, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
  return typeof value === 'object' ? value.join(', ') : value
}

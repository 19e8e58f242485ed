import { type Either, isLeft, left } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { Checked } from '../../../domain/checked.ts'
import type { Flaw } from '../problem.ts'

/** Decodes to what the domain has checked. Only the half of an io-ts codec that decodes: answers are printed by the store. */
export type Codec<T> = t.Decoder<unknown, T>

const codec = <T>(name: string, validate: t.Validate<unknown, T>): Codec<T> => ({
  name,
  validate,
  decode: (raw) => validate(raw, [{ key: '', type: t.unknown, actual: raw }]),
})

/** The bridge to the domain: a text goes through its check, and the flaw that it finds is the message. */
export const text = <T>(name: string, check: (raw: string) => Checked<T>): Codec<T> =>
  codec(name, (raw, context) => {
    if (typeof raw !== 'string') return t.failure(raw, context, raw === undefined ? 'is required' : 'must be a string')
    const checked = check(raw)
    return checked.ok ? t.success(checked.value) : t.failure(raw, context, checked.flaw)
  })

/** One of some words, in exactly this letter case. */
export const oneOf = <T extends string>(words: readonly T[]): Codec<T> =>
  text(words.join(' | '), (raw) => {
    const found = words.find((word) => word === raw)
    return found === undefined ? { ok: false, flaw: `must be one of ${words.join(', ')}` } : { ok: true, value: found }
  })

/** @param least and most: both within */
export const wholeNumber = (name: string, least: number, most: number): Codec<number> =>
  codec(name, (raw, context) =>
    typeof raw === 'number' && Number.isInteger(raw) && raw >= least && raw <= most
      ? t.success(raw)
      : t.failure(raw, context, raw === undefined ? 'is required' : `must be a whole number from ${least} to ${most}`),
  )

/** What is left out is the default. */
export const withDefault = <T, D>(inner: Codec<T>, value: D): Codec<T | D> =>
  codec(inner.name, (raw, context): Either<t.Errors, T | D> => (raw === undefined ? t.success(value) : inner.validate(raw, context)))

/** What is null is the default: so a merge patch removes a member (RFC 7396). */
export const nullAs = <T, D>(inner: Codec<T>, value: D): Codec<T | D> =>
  codec(inner.name, (raw, context): Either<t.Errors, T | D> => (raw === null ? t.success(value) : inner.validate(raw, context)))

export const optional = <T>(inner: Codec<T>): Codec<T | undefined> => withDefault(inner, undefined)

/** @param check of the number that was sent, before each is looked at */
export const list = <T>(inner: Codec<T>, check: (sent: number) => Checked<number>): Codec<readonly T[]> =>
  codec(`${inner.name}[]`, (raw, context) => {
    if (!Array.isArray(raw)) return t.failure(raw, context, 'must be an array')
    const count = check(raw.length)
    if (!count.ok) return t.failure(raw, context, count.flaw)
    const decoded = raw.map((each: unknown, at) => inner.validate(each, t.appendContext(context, String(at), inner)))
    const errors = decoded.flatMap((each) => (isLeft(each) ? each.left : []))
    return errors.length > 0 ? left(errors) : t.success(decoded.flatMap((each) => (isLeft(each) ? [] : [each.right])))
  })

export const map = <T, U>(inner: Codec<T>, f: (value: T) => U): Codec<U> =>
  codec(inner.name, (raw, context) => {
    const decoded = inner.validate(raw, context)
    return isLeft(decoded) ? decoded : t.success(f(decoded.right))
  })

type Members = Readonly<Record<string, Codec<unknown>>>
type Decoded<M extends Members> = { readonly [Name in keyof M]: M[Name] extends Codec<infer T> ? T : never }

/**
 * An object of exactly these members. io-ts has none that does for a request: `t.exact` drops an unknown member in silence, and bodies
 * made of `t.intersection` tell `/0/title` for `/title`.
 */
export const members = <M extends Members>(of: M): Codec<Decoded<M>> =>
  codec('object', (raw, context) => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return t.failure(raw, context, 'must be an object')
    const sent = new Map<string, unknown>(Object.entries(raw))
    const errors: t.ValidationError[] = []
    const found: Record<string, unknown> = {}
    for (const [name, inner] of Object.entries(of)) {
      const decoded = inner.validate(sent.get(name), t.appendContext(context, name, inner))
      if (isLeft(decoded)) errors.push(...decoded.left)
      else found[name] = decoded.right
    }
    for (const [name, value] of sent) {
      if (!Object.hasOwn(of, name))
        errors.push({ value, context: t.appendContext(context, name, t.unknown), message: 'does not exist, or may not be set here' })
    }
    return errors.length > 0 ? left(errors) : t.success(found as Decoded<M>)
  })

/** An object whose `member` says which of the codecs it is for. */
export const chosenBy = <T>(member: string, of: Readonly<Record<string, Codec<T>>>): Codec<T> =>
  codec('object', (raw, context) => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return t.failure(raw, context, 'must be an object')
    const name = new Map<string, unknown>(Object.entries(raw)).get(member)
    const inner = typeof name === 'string' && Object.hasOwn(of, name) ? of[name] : undefined
    const expected = `must be one of ${Object.keys(of).join(', ')}`
    if (inner === undefined) return t.failure(name, t.appendContext(context, member, t.unknown), name === undefined ? 'is required' : expected)
    return inner.validate(raw, context)
  })

/** Where and why, as a client is told (RFC 6901). */
export const flawsOf = (errors: t.Errors): readonly Flaw[] =>
  errors.map(({ context, message }) => ({
    pointer: context
      .slice(1)
      .map(({ key }) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join(''),
    message: message ?? 'is not what it should be',
  }))

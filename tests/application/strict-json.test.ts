import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { DEEPEST, parseStrict } from '../../src/application/strict-json.ts'

const twice = { ok: false, flaw: 'has a member twice' }
const notJson = { ok: false, flaw: 'is not JSON' }
const tooDeep = { ok: false, flaw: 'is nested over 64 levels deep' }

const nested = (levels: number, open: string, close: string): string => open.repeat(levels) + close.repeat(levels)

describe('strict JSON', () => {
  it('reads what JSON.parse reads', () => {
    for (const text of ['{}', '[]', 'null', 'true', '0', '-1.5e3', '""', ' {"a":[1,{"b":":"}],"c":null}\n', '"a\\"b:{"', '{"a\\\\":":"}', '{"a":"[{"}']) {
      expect(parseStrict(text), text).to.deep.equal({ ok: true, value: JSON.parse(text) })
    }
  })

  it('refuses what JSON.parse refuses, without quoting it', () => {
    for (const text of [
      '',
      ' ',
      '{',
      '}',
      '[1,]',
      "{'a':1}",
      '{a:1}',
      '{"a":1,}',
      '"a',
      '"\\',
      '01',
      'NaN',
      'Infinity',
      '1 2',
      '\u{feff}{}',
      '"\n"',
      '{"a":1}//',
      '{"a"::1}',
      ':',
    ]) {
      expect(parseStrict(text), text).to.deep.equal(notJson)
    }
  })

  it('refuses a member that stands twice in one object, at any depth', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"b":2,"a":3}',
      '{"x":{"a":1,"a":2}}',
      '[{"a":1},{"a":1,"a":2}]',
      '{"":1,"":2}',
      '{"__proto__":1,"__proto__":2}',
      '{"1":1,"1":2}',
      '{"a":{"b":1},"a":{"c":1}}',
      '{"a":{"b":1,"b":1},"a":0}',
    ]) {
      expect(parseStrict(text), text).to.deep.equal(twice)
    }
  })

  it('compares names as they read, not as they are written', () => {
    expect(parseStrict('{"a":1,"\\u0061":2}')).to.deep.equal(twice)
    expect(parseStrict('{"/":1,"\\/":2}')).to.deep.equal(twice)
    expect(parseStrict('{"é":1,"\\u00E9":2}')).to.deep.equal(twice)
    expect(parseStrict('{"\\"":1,"\\u0022":2}')).to.deep.equal(twice)
    expect(parseStrict('{"a":1,"A":2,"a ":3,"á":4,"a\u0301":5}').ok).to.equal(true)
  })

  it('lets one name stand in several objects, and as a value', () => {
    expect(parseStrict('{"a":{"a":"a"},"b":[{"a":1},{"a":1}]}').ok).to.equal(true)
    expect(parseStrict('["a","a",["a"]]').ok).to.equal(true)
  })

  it('holds __proto__ and constructor as ordinary members', () => {
    const read = parseStrict('{"__proto__":{"x":1},"constructor":2,"toString":3}')
    const value = read.ok ? read.value : undefined
    expect(Object.keys(Object(value))).to.deep.equal(['__proto__', 'constructor', 'toString'])
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype)
    expect(Object(value).x).to.equal(undefined)
  })

  it('reads 64 levels and refuses 65, brackets in strings not counted', () => {
    expect(DEEPEST).to.equal(64)
    expect(parseStrict(nested(64, '[', ']')).ok).to.equal(true)
    expect(parseStrict(nested(65, '[', ']'))).to.deep.equal(tooDeep)
    expect(parseStrict(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`).ok).to.equal(true)
    expect(parseStrict(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)).to.deep.equal(tooDeep)
    expect(parseStrict(`${'[1, true,\n'.repeat(64)}2${' ]'.repeat(64)}`).ok).to.equal(true)
    expect(parseStrict(`${'[1, true,\n'.repeat(65)}2${' ]'.repeat(65)}`)).to.deep.equal(tooDeep)
    expect(parseStrict(JSON.stringify(['['.repeat(100), '{'.repeat(100)])).ok).to.equal(true)
    expect(parseStrict(`[${'[],{},'.repeat(100)}0]`).ok).to.equal(true)
  })

  it('says too deep of a megabyte of brackets, and does not overflow', () => {
    expect(parseStrict('['.repeat(1_048_576))).to.deep.equal(tooDeep)
    expect(parseStrict('{"a":'.repeat(200_000))).to.deep.equal(tooDeep)
  })

  it('agrees with JSON.parse on every text that JSON.stringify prints', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        expect(parseStrict(text)).to.deep.equal({ ok: true, value: JSON.parse(text) })
      }),
    )
  })

  it('finds any member that was put in a second time', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true }), fc.nat(), fc.boolean(), (members, at, inner) => {
        const parts = Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
        const text = `{${[...parts, parts[at % parts.length]].join(',')}}`
        expect(parseStrict(inner ? `{"in":[${text}]}` : text)).to.deep.equal(twice)
      }),
    )
  })

  it('reads a megabyte of small members in a fraction of a second', () => {
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`member${at}`, at])))
    expect(text.length).to.be.greaterThan(1_000_000)
    const begun = performance.now()
    expect(parseStrict(text).ok).to.equal(true)
    expect(performance.now() - begun).to.be.lessThan(1_000)
  })
})

import { expect } from 'chai'
import { describe, it } from 'mocha'
import { filesBelow, type SourceFile, withoutComments } from './sources.ts'

/** A rule's name: the spec's word and a number of two digits or more. */
const ID = /\b[A-Z]{2,}-\d{2,}\b/g

const idsIn = (text: string): readonly string[] => text.match(ID) ?? []

/** The rules of the specs: each list item that begins with a bold ID, and the file that it stands in. */
const rulesOf = (specs: readonly SourceFile[]): readonly { readonly id: string; readonly path: string }[] =>
  specs.flatMap(({ path, text }) => [...text.matchAll(/^\s*- \*\*([A-Z]{2,}-\d{2,})\*\*/gm)].map(([, id = '']) => ({ id, path })))

interface Title {
  readonly path: string
  readonly text: string
  /** Whether it is a test's, not a group's. */
  readonly isTest: boolean
}

const CALL = /\b(describe|it)\s*\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\[\s\S]|[^`\\])*)`|([^\s'"`]))/g

/** Titles as they are written; of a template what comes before its first expression, of any other expression nothing. */
const titlesOf = (tests: readonly SourceFile[]): readonly Title[] =>
  tests.flatMap(({ path, text }) =>
    [...withoutComments(text).matchAll(CALL)].map(([, kind, single, double, template]) => ({
      path,
      text: single ?? double ?? template?.split('${')[0] ?? '',
      isTest: kind === 'it',
    })),
  )

/** The IDs that a title begins with, one after the other. */
const leading = (title: Title): readonly string[] => idsIn(/^(?:[A-Z]{2,}-\d{2,}(?:[,:]? |$))+/.exec(title.text)?.[0] ?? '')

const MUST_NAME_A_RULE = /^tests\/(?:contracts|http|system|fire)\//

const definedTwice = (specs: readonly SourceFile[]): readonly string[] => {
  const ids = rulesOf(specs).map(({ id }) => id)
  return [...new Set(ids.filter((id, at) => ids.indexOf(id) !== at))]
}

function untested(specs: readonly SourceFile[], tests: readonly SourceFile[]): readonly string[] {
  const tested = new Set(titlesOf(tests).flatMap(leading))
  return rulesOf(specs)
    .filter(({ id }) => !tested.has(id))
    .map(({ id, path }) => `${path}: no test's title begins with ${id}`)
}

function unruled(specs: readonly SourceFile[], tests: readonly SourceFile[]): readonly string[] {
  const known = new Set(rulesOf(specs).map(({ id }) => id))
  return titlesOf(tests).flatMap((title) => {
    const unknown = leading(title).filter((id) => !known.has(id))
    if (unknown.length > 0) return [`${title.path}: "${title.text}" names ${unknown.join(' ')}, which no spec has`]
    return title.isTest && MUST_NAME_A_RULE.test(title.path) && leading(title).length === 0 ? [`${title.path}: "${title.text}" begins with no rule`] : []
  })
}

/** IDs that prose or code cites. Other names of this form, `UTF-16`, have a first part that no rule has. */
function uncertain(specs: readonly SourceFile[], citing: readonly SourceFile[]): readonly string[] {
  const known = new Set(rulesOf(specs).map(({ id }) => id))
  return citing.flatMap(({ path, text }) =>
    idsIn(text.replace(/\b(?:UTF|SHA|AES|HS|ES|RS|PS|ISO|RFC|CVE|CWE)-\d+/g, ''))
      .filter((id) => !known.has(id))
      .map((id) => `${path}: cites ${id}, which no spec has`),
  )
}

const SPECS = filesBelow('specs', '.md')
const TESTS = filesBelow('tests', '.ts').filter(({ path }) => path !== 'tests/specs.test.ts')

describe('rules and tests', () => {
  it('no rule has the name of another', () => {
    expect(definedTwice(SPECS)).to.deep.equal([])
    expect(rulesOf(SPECS)).to.have.property('length').greaterThan(50)
  })

  it('every rule has a test whose title begins with it', () => {
    expect(untested(SPECS, TESTS)).to.deep.equal([])
  })

  it('every test of contracts, http, system and fire begins with a rule, and no title with one that is not there', () => {
    expect(unruled(SPECS, TESTS)).to.deep.equal([])
    expect(titlesOf(TESTS).filter(({ path, isTest }) => isTest && MUST_NAME_A_RULE.test(path)))
      .to.have.property('length')
      .greaterThan(50)
  })

  it('every rule that the code, the specs and the pages cite is there', () => {
    expect(uncertain(SPECS, [...filesBelow('src', '.ts'), ...filesBelow('specs', '.md', '.yaml'), ...filesBelow('.', '.md')])).to.deep.equal([])
  })
})

describe('the check of rules and tests, where they are broken', () => {
  const spec = { path: 'specs/a.md', text: '- **TASK-01** One.\n- **TASK-02** Two, as TASK-01 says.\n\n- **LIST-01** Three, as `- **TASK-01** …` has it.\n' }
  const test = (text: string, path = 'tests/http/a.test.ts'): readonly SourceFile[] => [{ path, text }]

  it('sees a rule that is defined twice', () => {
    expect(definedTwice([spec, { path: 'specs/b.md', text: '- **TASK-02** again' }])).to.deep.equal(['TASK-02'])
    expect(definedTwice([spec])).to.deep.equal([])
  })

  it('sees a rule without a test', () => {
    const missing = (text: string): readonly string[] => untested([spec], test(text)).map((complaint) => complaint.slice(-7))
    expect(missing(`it('TASK-01 TASK-02 LIST-01 all', () => {})`)).to.deep.equal([])
    expect(missing(`it('TASK-01 one, not TASK-02', () => {})\n// it('LIST-01', …)`)).to.deep.equal(['TASK-02', 'LIST-01'])
    expect(missing(`it(\`TASK-01 \${name}\`, f); it(\`\${name} TASK-02\`, f); describe("LIST-01", f)`)).to.deep.equal(['TASK-02'])
    expect(missing(`it(name, f)\nfor (const id of ['TASK-01']) it(\`\${id} …\`, f)`)).to.deep.equal(['TASK-01', 'TASK-02', 'LIST-01'])
    // A test that is set aside in any way is none.
    expect(missing(`it.later('TASK-01 one', f)`)).to.deep.equal(['TASK-01', 'TASK-02', 'LIST-01'])
  })

  it('sees a test without a rule', () => {
    expect(unruled([spec], test(`describe('tasks', f); it('TASK-01 one', f)`))).to.deep.equal([])
    expect(unruled([spec], test(`it('works', f)`))).to.have.length(1)
    expect(unruled([spec], test(`it(title, f)`))).to.have.length(1)
    expect(unruled([spec], test(`it('TASK-03 three', f)`))).to.have.length(1)
    expect(unruled([spec], test(`it('works', f)`, 'tests/domain/task.test.ts'))).to.deep.equal([])
    expect(unruled([spec], test(`it('TASK-03 three', f)`, 'tests/domain/task.test.ts'))).to.have.length(1)
  })

  it('sees a citation of what is not there', () => {
    expect(uncertain([spec], [{ path: 'src/a.ts', text: '/** UTF-16, SHA-256 (TASK-01, LIST-01) */' }])).to.deep.equal([])
    expect(uncertain([spec], [{ path: 'src/a.ts', text: '/** (TASK-01, TASK-09) */' }])).to.have.length(1)
  })
})

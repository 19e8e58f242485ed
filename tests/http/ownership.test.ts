import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Route } from '../../src/adapters/http/routes/route.ts'
import { operations } from '../openapi.ts'
import { type Answer, type Client, problemIn, serving, tokenOf } from './client.ts'

/** What a route of tasks is, as the specs tell it; open ones are named without more. */
interface Rule {
  readonly scope: 'tasks:read' | 'tasks:write'
  /** A body that is fit and one that is not; undefined where none is read. */
  readonly bodies?: { readonly valid: string; readonly invalid: string }
  /** What the answer to a token that may read is; without `tasks:read` it is 204, but for a creation and a batch. */
  readonly good: number
  readonly blind?: number
  /** What it finds; undefined: what is the owner's and outside the trash. */
  readonly finds?: readonly Target[]
  /** Whether what it reads has an `ETag`; undefined: it has. */
  readonly tagged?: false
}

const DRAFT = { valid: '{"title":"changed"}', invalid: '{"title":1}' }

/** Every route that the router has stands here: one that does not fails the test. */
const RULES: Readonly<Record<string, Rule | 'open'>> = {
  'GET /api/tasks': { scope: 'tasks:read', good: 200 },
  'POST /api/tasks': { scope: 'tasks:write', bodies: DRAFT, good: 201 },
  'GET /api/tasks/:id': { scope: 'tasks:read', good: 200 },
  'PUT /api/tasks/:id': { scope: 'tasks:write', bodies: DRAFT, good: 200 },
  'PATCH /api/tasks/:id': { scope: 'tasks:write', bodies: DRAFT, good: 200 },
  'DELETE /api/tasks/:id': { scope: 'tasks:write', good: 204 },
  'PUT /api/tasks/:id/completion': { scope: 'tasks:write', good: 200 },
  'DELETE /api/tasks/:id/completion': { scope: 'tasks:write', good: 200 },
  'GET /api/tasks/:id/changes': { scope: 'tasks:read', good: 200, finds: ['own', 'trashed'], tagged: false },
  'POST /api/tasks/:id/reversion': { scope: 'tasks:write', bodies: { valid: '{"version":1}', invalid: '{"version":2}' }, good: 200 },
  'POST /api/batch': {
    scope: 'tasks:write',
    bodies: { valid: `{"operations":[{"op":"create","body":${DRAFT.valid}}]}`, invalid: '{"operations":[]}' },
    good: 200,
    blind: 200,
  },
  'GET /api/tasks/summary': { scope: 'tasks:read', good: 200 },
  'GET /api/changes': { scope: 'tasks:read', good: 200 },
  'GET /api/trash': { scope: 'tasks:read', good: 200 },
  'DELETE /api/trash': { scope: 'tasks:write', good: 204 },
  'DELETE /api/trash/:id': { scope: 'tasks:write', good: 204, finds: ['trashed'] },
  'POST /api/trash/:id/restoration': { scope: 'tasks:write', good: 200, finds: ['trashed'] },
  'GET /api/health/live': 'open',
  'GET /api/health/ready': 'open',
  'GET /api/metrics': 'open',
  'GET /': 'open',
  'GET /api/openapi.json': 'open',
  'GET /api/docs': 'open',
  'GET /api/docs/:asset': 'open',
  'GET /api/problems/:slug': 'open',
}

const ACTORS = {
  owner: 'ada',
  'other owner': 'bob',
  'no token': null,
  expired: tokenOf('ada', undefined, 1),
  'read-only': tokenOf('ada', 'tasks:read'),
  'write-only': tokenOf('ada', 'tasks:write'),
} as const
const TARGETS = ['own', 'another’s', 'missing', 'trashed', 'malformed'] as const
const PRECONDITIONS = ['no', 'right', 'wrong', '*'] as const
const BODIES = ['valid', 'invalid'] as const

type Actor = keyof typeof ACTORS
type Target = (typeof TARGETS)[number]
interface Cell {
  readonly route: Route
  readonly rule: Rule
  readonly actor: Actor
  readonly target: Target
  readonly precondition: (typeof PRECONDITIONS)[number]
  readonly body: (typeof BODIES)[number]
}

const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method} ${path}`
const finds = ({ finds = ['own'] }: Rule, target: Target): boolean => finds.includes(target)
const isItem = ({ path }: Route): boolean => path.includes('/:id')

/** The answer that the specs want, by the order of the checks (HTTP-30) and nothing of the code. */
function wanted({ route, rule, actor, target, precondition, body }: Cell): string | number {
  if (actor === 'no token') return 'missing-token'
  if (actor === 'expired') return 'invalid-token'
  const reads = actor !== 'write-only'
  if (rule.scope === 'tasks:read' ? !reads : actor === 'read-only') return 'insufficient-permission'
  if (isItem(route) && (!finds(rule, target) || actor === 'other owner')) return 'not-found'
  if (isItem(route) && rule.scope === 'tasks:read') return rule.tagged !== false && (precondition === 'right' || precondition === '*') ? 304 : 200
  if (isItem(route) && precondition === 'wrong') return 'precondition-failed'
  if (rule.bodies !== undefined && body === 'invalid') return 'validation'
  return reads || rule.good === 201 ? rule.good : (rule.blind ?? 204)
}

interface Thing {
  readonly path: string
  readonly etag: string
}

/** A target of its own for each cell: ada's, cat's, nobody's, ada's in the trash, and no id at all. */
async function setUp(api: Client, target: Cell['target']): Promise<Thing> {
  if (target === 'missing') return { path: '/api/tasks/00000000-0000-4000-8000-000000000000', etag: '"1"' }
  if (target === 'malformed') return { path: '/api/tasks/not-a-uuid', etag: '"1"' }
  const made = await api.make({ status: 'done' }, { as: target === 'another’s' ? 'cat' : 'ada' })
  if (target !== 'trashed') return made
  await api.delete(made.path)
  // The deletion took the owner's next number.
  return { path: made.path, etag: `"${Number(made.etag.slice(1, -1)) + 1}"` }
}

async function ask(api: Client, { route, rule, actor, precondition, body }: Cell, { path, etag }: Thing): Promise<Answer> {
  const tags = { no: undefined, right: etag, wrong: '"0"', '*': '*' }[precondition]
  const text = rule.bodies?.[body] ?? (body === 'invalid' ? '{' : undefined)
  return api.ask(route.method, route.path.replace('/api/tasks/:id', path).replace('/api/trash/:id', path.replace('/api/tasks', '/api/trash')), {
    as: ACTORS[actor],
    headers: {
      ...(rule.bodies !== undefined && { 'Content-Type': 'application/json' }),
      ...(tags !== undefined && { [rule.scope === 'tasks:read' ? 'If-None-Match' : 'If-Match']: tags }),
    },
    body: text,
  })
}

/** An answer without what is of one request alone. */
const apart = ({ status, headers, body }: Answer): string => {
  const { 'x-request-id': id = '', date: _, ...rest } = headers
  return JSON.stringify([status, rest, body.replace(id, '')])
}

const product = <A, B>(all: readonly A[], each: readonly B[]): readonly (readonly [A, B])[] => all.flatMap((a) => each.map((b) => [a, b] as const))

const actors = Object.keys(ACTORS) as readonly Actor[]

async function askAll(api: Client, name: string, rule: Rule): Promise<void> {
  const route = api.server.routes.find((one) => nameOf(one) === name)
  if (route === undefined) throw new Error(`the router has no ${name}`)
  for (const [[actor, precondition], body] of product(product(actors, PRECONDITIONS), BODIES)) {
    const strangers: string[] = []
    for (const target of isItem(route) ? TARGETS : (['own'] as const)) {
      const answer = await isAsWanted(api, { route, rule, actor, target, precondition, body })
      if (!finds(rule, target)) strangers.push(apart(answer))
    }
    // What is not there, not there any more, no id and another's: nobody can tell which.
    expect(new Set(strangers), `${name}: ${actor}, ${precondition}, ${body}`).to.have.property('size', isItem(route) ? 1 : 0)
  }
}

async function isAsWanted(api: Client, cell: Cell): Promise<Answer> {
  const { route, actor, target, precondition, body } = cell
  const what = `${nameOf(route)}: ${actor}, ${target}, ${precondition} precondition, ${body} body`
  const thing = await setUp(api, target)
  const answer = await ask(api, cell, thing)
  const wants = wanted(cell)
  expect(problemIn(answer), what).to.equal(wants)
  if (actor === 'write-only') expect(answer.body, what).to.not.include('Buy milk')
  if (isItem(route)) await isUntouched(api, target, thing, typeof wants === 'string' || wants === 304, what)
  return answer
}

/** Whoever was refused has changed nothing, and what is another's never changes. */
async function isUntouched(api: Client, target: Cell['target'], { path, etag }: Thing, refused: boolean, what: string): Promise<void> {
  if (target === 'another’s') expect((await api.get(path, { as: 'cat' })).headers['etag'], what).to.equal(etag)
  if (target === 'own' && refused) expect((await api.get(path)).headers['etag'], what).to.equal(etag)
  if (target === 'missing') expect((await api.get(path)).status, what).to.equal(404)
  if (target === 'trashed' && refused) {
    expect((await api.get(path)).status, what).to.equal(404)
    expect((await api.get('/api/trash?limit=1')).body, what).to.include(path.slice(-36))
  }
}

describe('ownership', () => {
  it(
    'OWN-06 the matrix has every route of the router, and every operation of the document',
    serving({ settings: { metricsToken: 'token' } }, async (api) => {
      expect(api.server.routes.map(nameOf).sort()).to.deep.equal(Object.keys(RULES).sort())
      const documented = operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`)
      expect(documented.filter((one) => RULES[one] === undefined)).to.deep.equal([])
      expect(documented.filter((one) => one.includes(':id')))
        .to.have.property('length')
        .greaterThan(7)
    }),
  )

  for (const [name, rule] of Object.entries(RULES)) {
    if (rule === 'open') continue
    it(`OWN-02 OWN-06 ${name}: every actor, target, precondition and body is answered as the specs say`, async function () {
      this.timeout(60_000)
      await serving({}, (api) => askAll(api, name, rule))()
    })
  }

  it(
    'OWN-02 the list shows nobody another’s tasks, by whatever filter or cursor',
    serving({}, async (api) => {
      for (const owner of ['ada', 'bob'])
        for (const title of ['one', 'two', 'three']) await api.make({ title, tags: [owner], due: '2026-11-30' }, { as: owner })
      for (const query of ['', '?limit=1', '?q=one', '?tag=bob', '?status=todo&priority=none', '?dueAfter=2026-01-01', '?sort=-title', '?sort=due&limit=2']) {
        const { items } = JSON.parse((await api.get(`/api/tasks${query}`)).body)
        expect(
          items.filter(({ tags }: { readonly tags: readonly string[] }) => !tags.includes('ada')),
          query,
        ).to.deep.equal([])
      }
    }),
  )

  it(
    'OWN-06 what needs no token answers whoever asks the same',
    serving({ settings: { metricsToken: 'token' } }, async (api) => {
      const open = api.server.routes.filter((route) => RULES[nameOf(route)] === 'open' && route.path !== '/api/metrics')
      for (const { path } of open) {
        const concrete = path.replace(':asset', 'page.css').replace(':slug', 'not-found')
        const answers = await Promise.all(actors.map((actor) => api.get(concrete, { as: ACTORS[actor] })))
        expect(new Set(answers.map(apart)), path).to.have.property('size', 1)
        expect(answers[0]?.status, path).to.equal(path === '/' ? 302 : 200)
      }
    }),
  )
})

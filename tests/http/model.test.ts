import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { createIds } from '../../src/adapters/system/ids.ts'
import { figure } from '../contracts/opened-store.ts'
import { storesUnderTest } from '../databases.ts'
import { type Answer, Client, problemIn } from './client.ts'
import { accept, DUES, type Held, type Listing, listed, type ModelTask, type Written, writtenIn } from './task-model.ts'

const OWNERS = 5
/** Commands of one run; each run has owners of its own. */
const COMMANDS = 500
const DEFAULTS = { description: '', status: 'todo', priority: 'none', due: null, tags: [] }

const words = ['alpha', 'Beta', 'GAMMA', '50%', 'a_b', '"q"']
const text = fc.subarray(words, { minLength: 1, maxLength: 3 }).map((some) => some.join(' '))
const status = fc.constantFrom('todo', 'in_progress', 'done', 'cancelled')
const priority = fc.constantFrom('none', 'low', 'medium', 'high', 'urgent')
const due = fc.constantFrom(...DUES.map(({ sent }) => sent))
const tags = fc.uniqueArray(fc.constantFrom('home', 'work', 'Äther', 'x y'), { maxLength: 3 })
const fields = fc.record({ title: text, description: text, status, priority, due, tags }, { requiredKeys: ['title'] })
const some = fc.record({ title: text, description: text, status, priority, due, tags }, { requiredKeys: [] })
const who = fc.nat({ max: OWNERS - 1 })
const which = fc.nat()
const ifMatch = fc.constantFrom('none', 'none', 'right', 'stale', 'any')
/** Few keys, so that they meet again with the same body and with another one. */
const key = fc.option(fc.constantFrom('k1', 'k2', 'k3'), { nil: '', freq: 2 })
const day = fc.constantFrom('', '', '2026-11-30', '2026-12-01')
const listing: fc.Arbitrary<Listing> = fc.record({
  status: fc.subarray(['todo', 'in_progress', 'done', 'cancelled']),
  priority: fc.oneof(fc.constant([]), fc.subarray(['none', 'low', 'medium', 'high', 'urgent'])),
  tag: fc.oneof(fc.constant([]), fc.subarray(['home', 'work', 'Äther'], { maxLength: 2 })),
  q: fc.constantFrom('', '', 'alpha', 'BETA gamma', '%', '_', 'a_b "q"'),
  dueAfter: day,
  dueBefore: day,
  sort: fc.constantFrom('createdAt', 'updatedAt', 'due', 'priority', 'title').chain((name) => fc.constantFrom(name, `-${name}`)),
  limit: fc.integer({ min: 1, max: 7 }),
})
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('create' as const), who, which, body: fields, withId: fc.boolean(), key }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('get' as const), who, which }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('put' as const), who, which, body: fields, ifMatch, key }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('patch' as const), who, which, body: some, ifMatch, key }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('complete' as const, 'reopen' as const), who, which, ifMatch, key }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('delete' as const), who, which, ifMatch, key }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('revert' as const), who, which, body: fc.record({ version: fc.integer({ min: 1, max: 9 }) }), ifMatch, key }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('history' as const), who, which, limit: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('list' as const), who, listing }) },
)
type Command = fc.Arbitrary<unknown> extends never ? never : typeof command extends fc.Arbitrary<infer C> ? C : never
type Change = Extract<Command, { ifMatch: string }>

/** Five owners as the model knows them, and the server that is held to it. */
class World {
  readonly #held = Array.from({ length: OWNERS }, () => new Map<string, Held>())
  readonly #kept = new Map<string, { readonly body: string; readonly answer: Answer }>()
  readonly #ids: string[] = []
  readonly #api: Client
  readonly #run: string

  constructor(api: Client, run: string) {
    this.#api = api
    this.#run = run
  }

  async obey(command: Command): Promise<void> {
    if (command.does === 'list') return this.#list(command.who, command.listing)
    if (command.does === 'create') return this.#create(command)
    const id = this.#ids[command.which % Math.max(this.#ids.length, 1)] ?? '00000000-0000-4000-8000-000000000000'
    if (command.does === 'get') return this.#get(command.who, id)
    if (command.does === 'history') return this.#history(command.who, id, command.limit)
    return this.#change(command, id)
  }

  async #get(who: number, id: string): Promise<void> {
    const answer = await this.#api.get(`/api/tasks/${id}`, { as: this.#name(who) })
    const held = this.#live(who, id)
    if (held === undefined) expect(problemIn(answer)).to.equal('not-found')
    else expect({ task: JSON.parse(answer.body), etag: answer.headers['etag'] }).to.deep.equal({ task: held.task, etag: held.etag })
  }

  /** Walks back from the present: each entry undone leads to the version before it. */
  async #history(who: number, id: string, limit: number): Promise<void> {
    const held = this.#held[who]?.get(id)
    const path = `/api/tasks/${id}/changes?limit=${limit}`
    if (held === undefined) return expect(problemIn(await this.#api.get(path, { as: this.#name(who) }))).to.equal('not-found') && undefined
    let version = held.versions.length - 1
    let state = held.versions[version]
    for (let next: string | null = path; next !== null; ) {
      const answer: Answer = await this.#api.get(next, { as: this.#name(who) })
      expect(answer.status, answer.body).to.equal(200)
      const {
        items,
        nextCursor,
      }: { items: { version: number; actor: string; fields: Record<string, { from: unknown; to: unknown }> }[]; nextCursor: string | null } = JSON.parse(
        answer.body,
      )
      for (const entry of items) {
        expect([entry.version, entry.actor]).to.deep.equal([version, this.#name(who)])
        for (const [name, { to }] of Object.entries(entry.fields)) expect(Object.entries(state ?? {}).find(([own]) => own === name)?.[1]).to.deep.equal(to)
        version--
        if (version === 0) continue
        state = Object.assign({}, state, ...Object.entries(entry.fields).map(([name, { from }]) => ({ [name]: from })))
        expect(state, `version ${version}`).to.deep.equal(held.versions[version])
      }
      next = nextCursor === null ? null : `${path}&cursor=${nextCursor}`
    }
    expect(version).to.equal(0)
  }

  async #create({ who, which, body, withId, key }: Extract<Command, { does: 'create' }>): Promise<void> {
    const id = withId ? this.#ids[which % Math.max(this.#ids.length, 1)] : undefined
    const sent = JSON.stringify(id === undefined ? body : { ...body, id })
    const answer = await this.#send(who, 'POST', '/api/tasks', sent, key, 'none')
    if (answer === undefined) return
    if (id !== undefined && this.#held[who]?.has(id)) return expect(problemIn(answer)).to.equal('already-exists') && undefined
    expect(answer.status).to.equal(201)
    const task = accept(undefined, { ...DEFAULTS, ...shown(body) }, JSON.parse(answer.body))
    expect(answer.headers['location']).to.equal(`/api/tasks/${task.id}`)
    if (id !== undefined) expect(task.id).to.equal(id)
    const versions = Array.from({ length: 2 }, () => writtenIn(task))
    this.#held[who]?.set(task.id, { task, etag: answer.headers['etag'] ?? '', trashed: false, versions })
    this.#ids.push(task.id)
    this.#keep(who, 'POST', '/api/tasks', key, sent, answer)
  }

  async #change(command: Change, id: string): Promise<void> {
    const { who, ifMatch, key } = command
    const method = { put: 'PUT', patch: 'PATCH', complete: 'PUT', reopen: 'DELETE', delete: 'DELETE', revert: 'POST' }[command.does]
    const path = `/api/tasks/${id}${BELOW[command.does]}`
    const sent = 'body' in command ? JSON.stringify(command.body) : undefined
    const held = this.#live(who, id)
    const answer = await this.#send(who, method, path, sent, key, ifMatch, held?.etag)
    if (answer === undefined) return
    if (held === undefined) return expect(problemIn(answer)).to.equal('not-found') && undefined
    if (ifMatch === 'stale') {
      expect(problemIn(answer)).to.equal('precondition-failed')
      expect(JSON.parse(answer.body).current).to.deep.equal(held.task)
      return expect(answer.headers['etag']).to.equal(held.etag) && undefined
    }
    if (command.does === 'revert' && command.body.version >= held.versions.length) return expect(problemIn(answer)).to.equal('validation') && undefined
    if (command.does === 'delete') {
      expect(answer.status).to.equal(204)
      held.trashed = true
      held.versions.push(writtenIn(held.task))
    } else {
      expect(answer.status).to.equal(200)
      const before = held.task
      held.task = accept(before, wanted(command, before, held.versions), JSON.parse(answer.body))
      held.versions[held.task.version] = writtenIn(held.task)
      if (held.task.version === before.version) expect(answer.headers['etag']).to.equal(held.etag)
      else expect(answer.headers['etag']).to.not.equal(held.etag)
      held.etag = answer.headers['etag'] ?? ''
    }
    this.#keep(who, method, path, key, sent ?? '', answer)
  }

  async #list(who: number, asked: Listing): Promise<void> {
    const query = Object.entries(asked).filter(([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0))
    const target = `/api/tasks?${query.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`
    const seen: ModelTask[] = []
    for (let next: string | null = target; next !== null; ) {
      const answer: Answer = await this.#api.get(next, { as: this.#name(who) })
      expect(answer.status, answer.body).to.equal(200)
      const { items, nextCursor }: { items: ModelTask[]; nextCursor: string | null } = JSON.parse(answer.body)
      expect(items.length).to.be.at.most(asked.limit)
      seen.push(...items)
      next = nextCursor === null ? null : `${target}&cursor=${nextCursor}`
    }
    const held = this.#held[who] ?? new Map<string, Held>()
    expect(seen.map(({ id }) => id)).to.deep.equal(listed(held.values(), asked))
    for (const task of seen) expect(task).to.deep.equal(held.get(task.id)?.task)
  }

  /** @returns undefined where the key decided the answer, which is then as it should be */
  async #send(who: number, method: string, path: string, body: string | undefined, key: string, ifMatch: string, etag = '"0"'): Promise<Answer | undefined> {
    const headers = {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(key !== '' && { 'Idempotency-Key': key }),
      ...(ifMatch !== 'none' && { 'If-Match': { right: etag, stale: `"9${etag.slice(1)}`, any: '*' }[ifMatch] ?? '' }),
    }
    const answer = await this.#api.ask(method, path, { as: this.#name(who), headers, body })
    const kept = key === '' ? undefined : this.#kept.get(JSON.stringify([who, method, path, key]))
    if (kept === undefined) return answer
    if (kept.body !== (body ?? '')) expect(problemIn(answer)).to.equal('idempotency-key-reused')
    else expect(repeatable(answer)).to.deep.equal(repeatable(kept.answer))
    return undefined
  }

  #keep(who: number, method: string, path: string, key: string, body: string, answer: Answer): void {
    if (key !== '') this.#kept.set(JSON.stringify([who, method, path, key]), { body, answer })
  }

  #live(who: number, id: string): Held | undefined {
    const held = this.#held[who]?.get(id)
    return held?.trashed ? undefined : held
  }

  #name = (who: number): string => `${this.#run}-${who}`
}

const repeatable = ({ status, headers, body }: Answer) => ({ status, body, etag: headers['etag'], location: headers['location'] })

/** What was sent, as it comes back. */
const shown = <T extends { due?: string | null; tags?: string[] }>(body: T): T => ({
  ...body,
  ...(body.due !== undefined && { due: DUES.find(({ sent }) => sent === body.due)?.shown ?? null }),
  ...(body.tags !== undefined && { tags: [...body.tags].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))) }),
})

const BELOW = { put: '', patch: '', complete: '/completion', reopen: '/completion', delete: '', revert: '/reversion' }

function wanted(
  command: Exclude<Change, { does: 'delete' }>,
  { id, createdAt, updatedAt, completedAt, version, ...before }: ModelTask,
  versions: readonly Written[],
) {
  switch (command.does) {
    case 'revert': {
      const { completedAt: _, ...fields } = versions[command.body.version] ?? { ...before, completedAt }
      return fields
    }
    case 'put':
      return { ...DEFAULTS, ...shown(command.body) }
    case 'patch':
      return { ...before, ...shown(command.body) }
    case 'complete':
      return { ...before, status: 'done' }
    case 'reopen':
      return { ...before, status: before.status === 'done' ? 'todo' : before.status }
  }
}

describe('model', function () {
  this.timeout(600_000)
  const seed = Number(process.env['TASKWARD_SEED'] ?? Date.now() % 2 ** 31)
  for (const { name, open } of storesUnderTest) {
    it(`TASK-01 TASK-11 LIST-01 COND-01 IDEM-03 OWN-02 HIST-08 REV-01 REV-02 REV-03 ${name}: ${figure(20_000)} random commands of five owners are answered as a map for each says (seed ${seed})`, async () => {
      const { store, close } = await open()
      const ports = { tasks: store, clock: systemClock, ids: createIds(), quota: { tasks: 100_000, bytes: 1e9 }, underWay: new Set<string>() }
      const api = new Client({ ports })
      await api.listen()
      let run = 0
      try {
        const commands = fc.array(command, { minLength: COMMANDS, maxLength: COMMANDS, size: 'max' })
        await fc.assert(
          fc.asyncProperty(commands, async (list) => {
            const world = new World(api, `${name}-${++run}`)
            for (const one of list) await world.obey(one)
          }),
          { numRuns: figure(20_000) / COMMANDS, seed, endOnFailure: true },
        )
      } finally {
        await api.stop()
        await close()
      }
    })
  }
})

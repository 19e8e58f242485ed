import { randomUUID } from 'node:crypto'
import type { Cluster } from './database.ts'
import { ask } from './database.ts'
import { ownerAt, ownersOf, WORDS } from './fill.ts'
import { type Ask, writeRequests } from './load.ts'
import type { Kind } from './servers.ts'
import { tokenFor } from './tokens.ts'

/** Those that change nothing first, so that every server reads the same tasks: the others write into one table together. */
export const WORKLOADS = ['page', 'page anew', 'get', 'search', 'create', 'patch', 'complete', 'mix'] as const
export type Workload = (typeof WORKLOADS)[number]

/** How many requests are drawn; a load that runs longer begins again, which reads do not mind. */
const READS = 20_000
/** A task is changed once in a run, by the tag that it has at its beginning: more than any server here can change in one. */
const CHANGES_A_SECOND = 8_000
/** More than any server here tells in a second, each of another owner: none of them is told a second time soon. */
const NEW_PAGES = 6_000
/** So many owners are active at a time. */
const ACTIVE = 2_000

/** A task that a request may be about. */
interface Target {
  readonly owner: string
  readonly id: string
}

/** Makes the requests of every workload over one database. */
export class Requests {
  readonly #cluster: Cluster
  readonly #database: string
  readonly #tasks: number
  readonly #targets: readonly Target[]
  readonly #owners: readonly string[]
  readonly #tokens = new Map<string, string>()
  readonly #reads = new Map<string, string>()
  #changed = 0
  #asked = 0

  private constructor(cluster: Cluster, database: string, targets: readonly Target[], tasks: number) {
    this.#tasks = tasks
    this.#cluster = cluster
    this.#database = database
    this.#targets = targets
    this.#owners = Array.from({ length: Math.min(ACTIVE, ownersOf(tasks) - 5) }, (_, n) => ownerAt(n))
  }

  static async over(cluster: Cluster, database: string, tasks: number): Promise<Requests> {
    const owners = Array.from({ length: Math.min(ACTIVE, ownersOf(tasks) - 5) }, (_, n) => ownerAt(n))
    const rows = await ask(cluster.superuser(database), `select owner_id, id from tasks where owner_id = any($1) and status = 'todo' order by md5(id::text)`, [
      owners,
    ])
    const targets = rows.map((row) => ({ owner: String(row['owner_id']), id: String(row['id']) }))
    return new Requests(cluster, database, targets, tasks)
  }

  /** The file of requests for one run. */
  async file(workload: Workload | 'nothing' | 'create with key', kind: Kind, seconds: number): Promise<string> {
    const isChange = workload === 'page anew' || workload === 'patch' || workload === 'complete' || workload === 'mix'
    const name = `${kind.name}-${workload}`
    const known = this.#reads.get(name)
    if (known !== undefined) return known
    const asks = await this.#asks(workload, kind, seconds)
    const path = this.write(name, asks, kind)
    if (!isChange && workload !== 'create with key') this.#reads.set(name, path)
    return path
  }

  /** Requests of one's own making. */
  write(name: string, asks: readonly Ask[], kind: Kind): string {
    const identity = (owner: string): string => (kind.believes === 'header' ? `Owner: ${owner}` : `Authorization: Bearer ${this.#tokenOf(owner)}`)
    return writeRequests(name.replaceAll(/\W+/g, '-').toLowerCase(), asks, identity)
  }

  async #asks(workload: Workload | 'nothing' | 'create with key', kind: Kind, seconds: number): Promise<readonly Ask[]> {
    const many = (count: number, make: (n: number) => Ask): readonly Ask[] => Array.from({ length: count }, (_, n) => make(n))
    switch (workload) {
      case 'nothing':
        return [{ owner: 'nobody', method: 'GET', path: '/nothing' }]
      case 'page':
        return many(READS, () => this.#page())
      case 'search':
        return many(READS, () => ({ owner: this.#anyOwner(), method: 'GET', path: `/api/tasks?limit=20&q=the+${WORDS.usual}` }))
      case 'page anew':
        return many(NEW_PAGES * seconds, () => ({ ...this.#page(), owner: this.#nextOwner() }))
      case 'get':
        return many(READS, () => this.#get())
      case 'create':
        return many(READS, () => this.#create())
      case 'create with key':
        return many(CHANGES_A_SECOND * seconds, () => ({ ...this.#create(), headers: { 'Idempotency-Key': `"${randomUUID()}"` } }))
      case 'patch':
        return (await this.#tagged(CHANGES_A_SECOND * seconds, kind)).map(patch)
      case 'complete':
        return (await this.#tagged(CHANGES_A_SECOND * seconds, kind)).map(complete)
      case 'mix': {
        const patches = await this.#tagged(1_000 * seconds, kind)
        const tenths = (target: Target & { tag: string }): readonly Ask[] => [
          ...many(6, () => this.#page()),
          ...many(2, () => this.#get()),
          this.#create(),
          patch(target),
        ]
        return shuffled(patches.flatMap(tenths))
      }
    }
  }

  #page(): Ask {
    return { owner: this.#anyOwner(), method: 'GET', path: '/api/tasks?limit=20' }
  }

  #get(): Ask {
    const { owner, id } = this.#anyTarget()
    return { owner, method: 'GET', path: `/api/tasks/${id}` }
  }

  #create(): Ask {
    const body = {
      title: 'Water the figs, and the olives too',
      description: 'Before it is hot. '.repeat(6),
      priority: 'high',
      due: '2026-12-24',
      tags: ['garden', 'home'],
    }
    return { owner: this.#anyOwner(), method: 'POST', path: '/api/tasks', body: JSON.stringify(body) }
  }

  /** The next tasks in turn, each with the tag that it has now on this server. */
  async #tagged(count: number, kind: Kind): Promise<readonly (Target & { tag: string })[]> {
    const chosen = Array.from({ length: Math.min(count, this.#targets.length) }, (_, n) => this.#targets[(this.#changed + n) % this.#targets.length])
    this.#changed += chosen.length
    const targets = chosen.filter((target) => target !== undefined)
    const [table, tag] = kind.isOurs ? ['tasks', 'seq'] : ['plain_tasks', 'version']
    const rows = await ask(
      this.#cluster.superuser(this.#database),
      `select t.owner_id, t.id, t.${tag} as tag from unnest($1::text[], $2::uuid[]) as wanted (owner_id, id) join ${table} t using (owner_id, id)`,
      [targets.map(({ owner }) => owner), targets.map(({ id }) => id)],
    )
    return shuffled(rows.map((row) => ({ owner: String(row['owner_id']), id: String(row['id']), tag: `"${row['tag']}"` })))
  }

  #nextOwner = (): string => ownerAt(this.#asked++ % (ownersOf(this.#tasks) - 5))
  #anyOwner = (): string => anyOf(this.#owners)
  #anyTarget = (): Target => anyOf(this.#targets)

  #tokenOf(owner: string): string {
    const token = this.#tokens.get(owner) ?? tokenFor(owner)
    this.#tokens.set(owner, token)
    return token
  }
}

const patch = ({ owner, id, tag }: Target & { tag: string }): Ask => ({
  owner,
  method: 'PATCH',
  path: `/api/tasks/${id}`,
  headers: { 'If-Match': tag },
  body: JSON.stringify({ title: `Water the figs, ${Math.floor(Math.random() * 1e6)}` }),
})

const complete = ({ owner, id }: Target): Ask => ({ owner, method: 'PUT', path: `/api/tasks/${id}/completion` })

function anyOf<T>(list: readonly T[]): T {
  const one = list[Math.floor(Math.random() * list.length)]
  if (one === undefined) throw new Error('nothing to choose from')
  return one
}

const shuffled = <T>(list: readonly T[]): readonly T[] =>
  list
    .map((one) => ({ one, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one)

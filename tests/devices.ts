import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { completeTask, reopenTask } from '../src/application/completion.ts'
import { createTask } from '../src/application/creation.ts'
import { patchTask } from '../src/application/editing.ts'
import type { Once, Outcome, Ports } from '../src/application/ports.ts'
import type { Principal } from '../src/application/principal.ts'
import { readChanges, type Walk, walkSince } from '../src/application/sync.ts'
import { discardTask, restoreTask } from '../src/application/trash.ts'
import { Refused } from '../src/domain/refusal.ts'
import type { TaskId } from '../src/domain/task.ts'
import { draftOf, idOf } from './builders.ts'
import { type Send, SyncClient } from './sync-client.ts'

/** One step: which device, what it does, to which of the tasks that it knows; and what goes wrong where it syncs. */
export interface Step {
  readonly device: number
  readonly act: (typeof ACTS)[number]
  readonly choice: number
  readonly faults: readonly Fault[]
}

type Fault = 'none' | 'request lost' | 'answer lost'

const ACTS = ['create', 'patch', 'patch', 'complete', 'reopen', 'discard', 'restore', 'sync', 'sync'] as const

export const stepsOf = (count: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({
      device: fc.nat(2),
      act: fc.constantFrom(...ACTS),
      choice: fc.nat(1000),
      faults: fc.array(fc.constantFrom<Fault>('none', 'none', 'request lost', 'answer lost'), { maxLength: 8 }),
    }),
    { minLength: count, maxLength: count, size: 'max' },
  )

/** What the server must hold: each write that it took, once, in the order in which they came. */
class Ledger {
  readonly tasks = new Map<string, { title: string; isDone: boolean; isGone: boolean }>()
  readonly #answers = new Map<string, string>()

  /** @returns the same connection, whose answers are held to what was answered under the key before */
  over(send: Send): Send {
    return async (method, path, body, key) => {
      const answer = await send(method, path, body, key)
      if (key === undefined || answer.status >= 400) return answer
      const before = this.#answers.get(key)
      if (before === undefined) this.#write(method, path, body)
      else expect(`${answer.status} ${answer.body}`).to.equal(before)
      this.#answers.set(key, `${answer.status} ${answer.body}`)
      return answer
    }
  }

  #write(method: string, path: string, body: unknown): void {
    const fields = typeof body === 'object' && body !== null ? body : {}
    const title = 'title' in fields ? String(fields.title) : undefined
    if (method === 'POST' && 'id' in fields) return void this.tasks.set(String(fields.id), { title: title ?? '', isDone: false, isGone: false })
    const task = this.tasks.get(path.split('/')[3] ?? '')
    if (task === undefined) throw new Error(`${method} ${path} was taken, and there is no such task`)
    if (path.endsWith('/completion')) task.isDone = method === 'PUT'
    else if (path.endsWith('/restoration')) task.isGone = false
    else if (method === 'DELETE') task.isGone = true
    else task.title = title ?? task.title
  }
}

/**
 * Three devices of one owner, offline but for their syncs, over a connection that drops requests and answers: in the end they and the server
 * hold the same, and that is what was acknowledged.
 */
export async function simulate(steps: readonly Step[], send: Send): Promise<void> {
  const ledger = new Ledger()
  const over = ledger.over(send)
  let faults: Fault[] = []
  const unreliable: Send = async (...asked) => {
    const fault = faults.shift() ?? 'none'
    if (fault === 'request lost') throw new Lost()
    const answer = await over(...asked)
    if (fault === 'answer lost') throw new Lost()
    return answer
  }
  const devices = [0, 1, 2].map((number) => new Device(number, new SyncClient(unreliable)))
  for (const step of steps) {
    faults = [...step.faults]
    await devices[step.device]?.act(step)
  }
  faults = []
  for (const { client } of [...devices, ...devices]) await client.sync()
  const expected = [...ledger.tasks].filter(([, { isGone }]) => !isGone).map(([id, { title, isDone }]) => ({ id, title, isDone }))
  for (const { client } of devices) {
    const held = [...client.copy.values()].map(({ id, title, status }) => ({ id, title, isDone: status === 'done' }))
    expect(held.sort(byId)).to.deep.equal(expected.sort(byId))
  }
  const [first, ...others] = devices.map(({ client }) => [...client.copy.values()].sort(byId))
  for (const other of others) expect(other).to.deep.equal(first)
  const { copy } = await synced(new SyncClient(over))
  expect([...copy.values()].sort(byId)).to.deep.equal(first)
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)

async function synced(client: SyncClient): Promise<SyncClient> {
  await client.sync()
  return client
}

class Lost extends Error {}

class Device {
  readonly client: SyncClient
  readonly #number: number
  readonly #known: string[] = []
  #made = 0

  constructor(number: number, client: SyncClient) {
    this.#number = number
    this.client = client
  }

  async act({ act, choice }: Step): Promise<void> {
    const { client } = this
    const all = [...new Set([...this.#known, ...client.copy.keys()])]
    const id = all[choice % all.length]
    if (act === 'sync') await client.sync().catch(orThrow)
    else if (act === 'create') this.#known.push(client.create({ title: `made ${this.#name()}` }, idOf(this.#number * 1_000_000 + this.#made)))
    else if (id !== undefined && act === 'patch') client.patch(id, { title: `patched ${this.#name()}` })
    else if (id !== undefined && act !== 'patch') client[act](id)
  }

  #name = (): string => `${this.#number} ${++this.#made}`
}

function orThrow(fault: unknown): void {
  if (!(fault instanceof Lost)) throw fault
}

/** A connection that reaches the use cases without HTTP: few changes at once, so that syncs go in pages. */
export function direct(ports: Ports, principal: Principal, limit = 5): Send {
  const read = readChanges(ports)

  return async (method, path, body, key) => {
    try {
      if (method === 'GET') return { status: 200, body: await changes(path) }
      const once = onceOf(method, path, body, key)
      const { kind, json } = await write(method, path, body, once)
      return { status: kind === 'created' ? 201 : kind === 'discarded' ? 204 : 200, body: json ?? '' }
    } catch (fault) {
      if (fault instanceof Refused) return { status: fault.refusal.kind === 'sync-expired' ? 410 : 409, body: `/api/problems/${fault.refusal.kind}` }
      throw fault
    }
  }

  async function changes(path: string): Promise<string> {
    const [, name, value = ''] = /\?(since|cursor)=(.*)$/.exec(path) ?? []
    const walk: Walk = name === 'cursor' ? JSON.parse(value) : walkSince(Number(value))
    const { page, walk: reached } = await read(principal, walk, { limit, bytes: 1_000_000 })
    const told = page.changes.map(({ json }) => JSON.parse(json))
    return JSON.stringify({ changes: told, next: reached.after, more: page.more, cursor: page.more ? JSON.stringify(reached) : null })
  }

  function write(method: string, path: string, body: unknown, once: Once | undefined): Promise<Outcome> {
    const fields = Object(body)
    const id: TaskId = fields.id ?? path.split('/')[3]
    if (method === 'POST' && path === '/api/tasks') return createTask(ports)(principal, () => ({ id, draft: draftOf({ title: fields.title }) }), once)
    if (path.endsWith('/restoration')) return restoreTask(ports)(principal, id, { once })
    if (path.endsWith('/completion')) return (method === 'PUT' ? completeTask : reopenTask)(ports)(principal, id, { once })
    return method === 'DELETE' ? discardTask(ports)(principal, id, { once }) : patchTask(ports)(principal, id, () => fields, { once })
  }
}

const onceOf = (method: string, path: string, body: unknown, key: string | undefined): Once | undefined =>
  key === undefined
    ? undefined
    : {
        scope: `${method} ${path}`,
        key,
        fingerprint: createHash('sha256')
          .update(JSON.stringify(body ?? null))
          .digest('hex'),
      }

import { ownerAt, WORDS } from './fill.ts'
import { BARE_PRINTED, type Server, TASKWARD } from './servers.ts'
import { tokenFor } from './tokens.ts'

type Task = Readonly<Record<string, unknown>>

const MEMBERS = ['id', 'title', 'description', 'status', 'priority', 'due', 'tags', 'completedAt', 'createdAt', 'updatedAt', 'version']
const MOMENTS: readonly string[] = ['completedAt', 'createdAt', 'updatedAt']
const PAGES = ['/api/tasks?limit=20', `/api/tasks?limit=20&q=the+${WORDS.usual}`]

/** What is compared must do the same: else nothing is measured. */
export async function agree(servers: readonly Server[]): Promise<void> {
  const ours = servers.find(({ kind }) => kind === TASKWARD)
  if (ours === undefined) return
  for (const other of servers) {
    for (const path of PAGES) await samePage(ours, other, path)
    // What is printed already is read by a server that writes as the bare one does.
    if (other.kind !== BARE_PRINTED) await sameLife(ours, other)
  }
}

const OWNER = ownerAt(1)

/** The bare server sends what Taskward sends, byte for byte, and the others the same tasks with the same members. */
async function samePage(ours: Server, other: Server, path: string): Promise<void> {
  const [page, theirs] = [await send(ours, OWNER, 'GET', path), await send(other, OWNER, 'GET', path)]
  const [items, others] = [page.json.items, theirs.json.items]
  expect(other, `the order of members of ${path}`, MEMBERS, Object.keys(others[0] ?? {}))
  expect(other, path, items.map(timed), others.map(timed))
  expect(other, `a further page of ${path}`, typeof page.json.nextCursor, typeof theirs.json.nextCursor)
  const one = `/api/tasks/${items[0]?.['id']}`
  const [task, theirTask] = [await send(ours, OWNER, 'GET', one), await send(other, OWNER, 'GET', one)]
  expect(other, one, timed(task.json), timed(theirTask.json))
  if (other.kind.believes !== 'header') return
  expect(other, `the bytes of ${path}`, withoutCursor(page), withoutCursor(theirs))
  expect(other, `the length of ${path}`, page.text.length, theirs.text.length)
  expect(other, `the bytes of ${one}`, task.text, theirTask.text)
}

const CREATION = { title: 'Water the figs', description: 'Before it is hot.', priority: 'high', due: '2026-12-24', tags: ['garden', 'home'] }

/** A task that is created, patched and completed is answered alike but for its id and its moments; it is of an owner whom no load reads. */
async function sameLife(ours: Server, other: Server): Promise<void> {
  const [life, theirs] = [await lifeOn(ours), await lifeOn(other)]
  for (const [step, answer] of life.entries()) expect(other, `a task's ${['creation', 'patch', 'completion'][step]}`, answer, theirs[step])
}

async function lifeOn(server: Server) {
  const owner = 'owner-of-none'
  const created = await send(server, owner, 'POST', '/api/tasks', CREATION)
  const path = `/api/tasks/${created.json['id']}`
  // Some of the others tag a creation with a hash of their framework's, and a task that is read with its version.
  const tag = server.kind.isOurs ? created.tag : `"${created.json['version']}"`
  const patched = await send(server, owner, 'PATCH', path, { title: 'Water the figs, once' }, tag)
  const completed = await send(server, owner, 'PUT', `${path}/completion`)
  return [created, patched, completed].map(({ status, json }) => ({ status, task: Object.entries(untimed(json)).toSorted() }))
}

interface Sent {
  readonly status: number
  readonly tag: string | null
  readonly text: string
  /** A task, or a page. */
  readonly json: Task & { readonly items: readonly Task[]; readonly nextCursor: unknown }
}

async function send({ url }: Server, owner: string, method: string, path: string, body?: Task, tag: string | null = null): Promise<Sent> {
  const headers = {
    Authorization: `Bearer ${tokenFor(owner)}`,
    Owner: owner,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(tag === null ? {} : { 'If-Match': tag }),
  }
  const answer = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const text = await answer.text()
  return { status: answer.status, tag: answer.headers.get('etag'), text, json: JSON.parse(text) }
}

function expect({ kind }: Server, what: string, wanted: unknown, found: unknown): void {
  const [ours, theirs] = [JSON.stringify(wanted), JSON.stringify(found)]
  if (ours !== theirs) throw new Error(`${kind.name} does not answer as Taskward does: ${what}\n${theirs}\n${ours}`)
}

const withoutCursor = ({ text }: Sent): string => text.replace(/"nextCursor":"[^"]*"/, '')

/** Moments are spelt in several ways. */
const timed = (task: Task): Task => mapped(task, (moment) => (moment === null ? null : Date.parse(String(moment))))
const untimed = (task: Task): Task => ({ ...mapped(task, (moment) => moment !== null), id: null })
const mapped = (task: Task, each: (moment: unknown) => unknown): Task => ({
  ...task,
  ...Object.fromEntries(MOMENTS.map((name) => [name, each(task[name])])),
})

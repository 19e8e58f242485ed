import { ownerAt } from './fill.ts'
import { type Server, TASKWARD } from './servers.ts'
import { tokenFor } from './tokens.ts'

const MEMBERS = ['id', 'title', 'description', 'status', 'priority', 'due', 'tags', 'completedAt', 'createdAt', 'updatedAt', 'version']

/** What is compared must do the same: the bare server sends what Taskward sends, byte for byte, and the others the same tasks with the same members. */
export async function agree(servers: readonly Server[]): Promise<void> {
  const owner = ownerAt(1)
  const headers = { Authorization: `Bearer ${tokenFor(owner)}`, Owner: owner }
  const read = async ({ url }: Server, path: string): Promise<string> => (await fetch(`${url}${path}`, { headers })).text()
  const ours = servers.find(({ kind }) => kind.name === TASKWARD.name)
  if (ours === undefined) return
  const pages = await Promise.all(servers.map((server) => read(server, '/api/tasks?limit=20')))
  const page = JSON.parse(await read(ours, '/api/tasks?limit=20'))
  const id: string = page.items[0].id
  const task = await read(ours, `/api/tasks/${id}`)
  for (const [n, server] of servers.entries()) {
    const differs = (what: string): never => {
      throw new Error(`${server.kind.name} does not answer as Taskward does: ${what}\n${pages[n]?.slice(0, 900)}`)
    }
    const other = JSON.parse(pages[n] ?? '')
    const one = await read(server, `/api/tasks/${id}`)
    if (typeof other.nextCursor !== 'string') differs('no further page')
    if (JSON.stringify(other.items.map(same)) !== JSON.stringify(page.items.map(same))) differs('other tasks')
    if (JSON.stringify(Object.keys(other.items[0])) !== JSON.stringify(MEMBERS)) differs('other members')
    if (JSON.stringify(same(JSON.parse(one))) !== JSON.stringify(same(JSON.parse(task)))) differs('another task')
    if (server.kind.believes !== 'header') continue
    if (JSON.stringify(other.items) !== JSON.stringify(page.items) || other.nextCursor.length !== page.nextCursor.length)
      differs(`other bytes of a page; its cursor has ${other.nextCursor.length} characters, not ${page.nextCursor.length}`)
    if (one !== task) differs('other bytes of a task')
  }
}

/** Moments are spelt in several ways. */
const same = (task: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  ...task,
  ...Object.fromEntries(['completedAt', 'createdAt', 'updatedAt'].map((name) => [name, task[name] === null ? null : Date.parse(String(task[name]))])),
})

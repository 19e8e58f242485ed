import { expect } from 'chai'

/** A task as the model thinks that it is answered. */
export interface ModelTask {
  readonly id: string
  title: string
  description: string
  status: string
  priority: string
  due: string | null
  tags: string[]
  completedAt: string | null
  readonly createdAt: string
  updatedAt: string
  version: number
}

export interface Held {
  task: ModelTask
  etag: string
  trashed: boolean
  /** How it was at each version, the first at place 1: what its history is held to. */
  readonly versions: Written[]
}

/** What the history tells of. */
export type Written = Omit<ModelTask, 'id' | 'createdAt' | 'updatedAt' | 'version'>

export const writtenIn = ({ id, createdAt, updatedAt, version, ...written }: ModelTask): Written => written

/** Due dates as sent, as they come back, when they end in UTC, and the day where they are one. Written down by hand: no code of ours made them. */
export const DUES: readonly { readonly sent: string | null; readonly shown: string | null; readonly at: number; readonly day?: string }[] = [
  { sent: null, shown: null, at: Number.POSITIVE_INFINITY },
  { sent: '2026-11-30', shown: '2026-11-30', at: Date.UTC(2026, 10, 30, 23, 59, 59, 999), day: '2026-11-30' },
  { sent: '2026-12-01', shown: '2026-12-01', at: Date.UTC(2026, 11, 1, 23, 59, 59, 999), day: '2026-12-01' },
  { sent: '2026-11-30T09:00+05:00', shown: '2026-11-30T09:00:00+05:00', at: Date.UTC(2026, 10, 30, 4) },
  { sent: '2026-11-30T04:00:00.000Z', shown: '2026-11-30T04:00:00Z', at: Date.UTC(2026, 10, 30, 4) },
  { sent: '2026-11-30T22:00:00+05:00[Asia/Karachi]', shown: '2026-11-30T22:00:00+05:00[Asia/Karachi]', at: Date.UTC(2026, 10, 30, 17) },
]

const RANKS = ['none', 'low', 'medium', 'high', 'urgent']

export interface Listing {
  readonly status: readonly string[]
  readonly priority: readonly string[]
  readonly tag: readonly string[]
  readonly q: string
  readonly dueAfter: string
  readonly dueBefore: string
  readonly sort: string
  readonly limit: number
}

/** Whether a due date ends at or after the beginning of a day in UTC. */
const endsFrom = (due: string | null, day: string): boolean => (DUES.find(({ shown }) => shown === due)?.at ?? 0) >= Date.parse(`${day}T00:00:00Z`)

/** The ids that a list should show, in its order, by plain means. */
export function listed(held: Iterable<Held>, { status, priority, tag, q, dueAfter, dueBefore, sort }: Listing): string[] {
  const words = q
    .toLowerCase()
    .split(' ')
    .filter((word) => word !== '')
  const found = [...held]
    .filter(({ trashed }) => !trashed)
    .map(({ task }) => task)
    .filter((task) => status.length === 0 || status.includes(task.status))
    .filter((task) => priority.length === 0 || priority.includes(task.priority))
    .filter((task) => tag.every((one) => task.tags.includes(one)))
    .filter((task) => words.every((word) => task.title.toLowerCase().includes(word) || task.description.toLowerCase().includes(word)))
    .filter((task) => dueAfter === '' || (task.due !== null && endsFrom(task.due, dueAfter)))
    .filter((task) => dueBefore === '' || (task.due !== null && !endsFrom(task.due, dueBefore)))
  const descending = sort.startsWith('-')
  const field = sort.replace('-', '')
  const key = (task: ModelTask): string | number => {
    if (field === 'due') return DUES.find(({ shown }) => shown === task.due)?.at ?? 0
    if (field === 'priority') return RANKS.indexOf(task.priority)
    return field === 'title' ? task.title.toLowerCase() : field === 'createdAt' ? task.createdAt : task.updatedAt
  }
  const order = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0)
  const undated = (task: ModelTask): number => (field === 'due' && task.due === null ? 1 : 0)
  return found.sort((a, b) => undated(a) - undated(b) || (descending ? -1 : 1) * (order(key(a), key(b)) || order(a.id, b.id))).map(({ id }) => id)
}

/** The answered task is what the model makes of it; what the server alone knows (its moments) is taken over, within their rules. */
export function accept(
  before: ModelTask | undefined,
  wanted: Omit<ModelTask, 'id' | 'createdAt' | 'updatedAt' | 'completedAt' | 'version'>,
  answered: ModelTask,
): ModelTask {
  const { id, createdAt, updatedAt, completedAt, version, ...written } = answered
  expect(written).to.deep.equal(wanted)
  const isChanged =
    before === undefined ||
    Object.entries(wanted).some(([name, value]) => JSON.stringify(value) !== JSON.stringify(Object.entries(before).find(([own]) => own === name)?.[1]))
  expect(version).to.equal((before?.version ?? 0) + (isChanged ? 1 : 0))
  expect(createdAt).to.equal(before?.createdAt ?? updatedAt)
  if (!isChanged) expect(updatedAt).to.equal(before?.updatedAt)
  if (wanted.status !== 'done') expect(completedAt).to.equal(null)
  else expect(completedAt).to.equal(before?.status === 'done' ? before.completedAt : updatedAt)
  return answered
}

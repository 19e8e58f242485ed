import { isLeft } from 'fp-ts/lib/Either.js'
import type { NewTask } from '../../../application/creation.ts'
import { flawed, valid } from '../../../domain/checked.ts'
import { due } from '../../../domain/due.ts'
import { DEFAULTS, type Edit } from '../../../domain/editing.ts'
import { tag, tagCount, tagSet } from '../../../domain/tags.ts'
import { type Draft, isTaskId, PRIORITIES, STATUSES, type TaskId } from '../../../domain/task.ts'
import { description, title } from '../../../domain/text.ts'
import { parseBody } from '../body.ts'
import { fault } from '../problem.ts'
import { type Codec, flawsOf, list, map, members, nullAs, oneOf, optional, text, withDefault } from './kit.ts'

const TITLE = text('title', title)
const DESCRIPTION = text('description', description)
const STATUS = oneOf(STATUSES)
const PRIORITY = oneOf(PRIORITIES)
const DUE = nullAs(text('due', due), null)
const TAGS = map(list(text('tag', tag), tagCount), tagSet)

export const ID = text('id', (raw) => {
  const id = raw.toLowerCase()
  return isTaskId(id) ? valid(id) : flawed('must be a UUID')
})

const WRITABLE = {
  title: TITLE,
  description: withDefault(DESCRIPTION, DEFAULTS.description),
  status: withDefault(STATUS, DEFAULTS.status),
  priority: withDefault(PRIORITY, DEFAULTS.priority),
  due: withDefault(DUE, DEFAULTS.due),
  tags: withDefault(TAGS, DEFAULTS.tags),
}

/** What `PUT` takes (TASK-02). */
export const DRAFT: Codec<Draft> = members(WRITABLE)

/** What `POST` takes: a draft, with an id if the client made one (TASK-03). */
export const NEW_TASK: Codec<NewTask> = map(members({ id: optional(ID), ...WRITABLE }), ({ id, ...draft }) => ({ id, draft }))

/** What `PATCH` takes: null is the default, which a title does not have (TASK-13). */
export const EDIT: Codec<Edit> = members({
  title: optional(TITLE),
  description: optional(nullAs(DESCRIPTION, DEFAULTS.description)),
  status: optional(nullAs(STATUS, DEFAULTS.status)),
  priority: optional(nullAs(PRIORITY, DEFAULTS.priority)),
  due: optional(DUE),
  tags: optional(nullAs(TAGS, DEFAULTS.tags)),
})

/** @throws {Fault} malformed-json, validation */
export function decodeBody<T>(codec: Codec<T>, bytes: Buffer): T {
  const decoded = codec.decode(parseBody(bytes))
  return isLeft(decoded) ? fault('validation', { errors: flawsOf(decoded.left) }) : decoded.right
}

/** An id in a path: one that is none is not found, like any other that this owner does not have (OWN-02). */
export function idIn(path: string): TaskId | undefined {
  const id = path.toLowerCase()
  return isTaskId(id) ? id : undefined
}

import { defineEntity, p } from '@mikro-orm/core'
import { GUARDED, integer, moment, number, OWN_ROWS, owner, sorted, text, uuid } from './columns.ts'
import { EVERY, ofTask, Tasks, TaskTags } from './task-entities.ts'

/** Number of the latest change, tasks held (trash included), bytes held, highest number forgotten, moment of the next work due, number up to which the trash was emptied, tasks ever purged. */
const Owners = defineEntity({
  name: 'Owners',
  tableName: 'owners',
  ...GUARDED,
  properties: {
    ownerId: owner(),
    seq: number('seq').defaultRaw('0'),
    tasks: integer('tasks').default(0),
    bytes: number('bytes').defaultRaw('0'),
    forgotten: number('forgotten').defaultRaw('0'),
    dueAt: moment('due_at').nullable(),
    emptied: number('emptied').defaultRaw('0'),
    purges: number('purges').defaultRaw('0'),
  },
})

/** The journal: one entry a change (STORE-04). */
const Changes = defineEntity({
  name: 'Changes',
  tableName: 'changes',
  ...GUARDED,
  uniques: [{ name: 'changes_seq', properties: ['ownerId', 'seq'], where: EVERY }],
  properties: {
    ownerId: owner(),
    seq: number('seq'),
    task: ofTask('changes_owner_id_task_id_fkey').primary(),
    version: integer('version').primary(),
    kind: text('kind'),
    at: moment('at'),
    actor: text('actor'),
    fields: p.json().columnType('json').fieldName('fields'),
    weight: integer('weight'),
  },
})

/** What a write was answered with, under its key. */
const KeptAnswers = defineEntity({
  name: 'KeptAnswers',
  tableName: 'kept_answers',
  ...GUARDED,
  indexes: [
    { name: 'kept_answers_task', properties: ['ownerId', 'taskId'], where: 'body is not null and weight > 0' },
    { name: 'kept_answers_expiry', properties: ['ownerId', 'expiresAt'], where: "expires_at > '-infinity'" },
  ],
  properties: {
    ownerId: owner(),
    scopeHash: p.blob().fieldName('scope_hash').primary(),
    key: sorted('key').primary(),
    fingerprint: text('fingerprint'),
    kind: text('kind'),
    taskId: uuid('task_id').nullable(),
    seq: number('seq'),
    body: text('body').nullable(),
    weight: integer('weight'),
    expiresAt: moment('expires_at'),
    kinds: text('kinds').nullable(),
  },
})

/** The tasks that a batch's kept answer shows. */
const KeptTasks = defineEntity({
  name: 'KeptTasks',
  tableName: 'kept_tasks',
  ...GUARDED,
  indexes: [{ name: 'kept_tasks_task', properties: ['ownerId', 'taskId'] }],
  properties: {
    ownerId: owner(),
    answer: p
      .manyToOne(KeptAnswers)
      .primary()
      .joinColumns('owner_id', 'scope_hash', 'key')
      .referencedColumnNames('owner_id', 'scope_hash', 'key')
      .ownColumns('scope_hash', 'key')
      .deleteRule('cascade')
      .updateRule('no action')
      .foreignKeyName('kept_tasks_owner_id_scope_hash_key_fkey'),
    taskId: uuid('task_id').primary(),
  },
})

/** What is left of a purged task (STORE-07). */
const Tombstones = defineEntity({
  name: 'Tombstones',
  tableName: 'tombstones',
  ...GUARDED,
  indexes: [
    { name: 'tombstones_expiry', properties: ['ownerId', 'expiresAt'], where: EVERY },
    { name: 'tombstones_seq', properties: ['ownerId', 'seq'], where: EVERY },
  ],
  properties: { ownerId: owner(), id: uuid('id').primary(), seq: number('seq'), deletedAt: moment('deleted_at'), expiresAt: moment('expires_at') },
})

/** The one table that the server reads for all owners: whose work is due, and when (STORE-10). */
const DueWork = defineEntity({
  name: 'DueWork',
  tableName: 'due_work',
  ...GUARDED,
  policies: [OWN_ROWS, { name: 'found_for_all', command: 'select', using: 'true' }],
  indexes: [{ name: 'due_work_due', properties: ['dueAt'] }],
  properties: { ownerId: owner(), dueAt: moment('due_at') },
})

const ServerSecret = defineEntity({
  name: 'ServerSecret',
  tableName: 'server_secret',
  checks: [
    { name: 'server_secret_id_check', property: 'id', expression: 'id = 1' },
    { name: 'server_secret_secret_check', property: 'secret', expression: 'octet_length(secret) = 32' },
  ],
  properties: { id: p.smallint().fieldName('id').primary().autoincrement(false).default(1), secret: p.blob().fieldName('secret') },
})

export const ENTITIES = [Owners, Tasks, TaskTags, Changes, KeptAnswers, KeptTasks, Tombstones, DueWork, ServerSecret]

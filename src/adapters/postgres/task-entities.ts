import { defineEntity, p } from '@mikro-orm/core'
import { GUARDED, integer, moment, number, owner, sorted, text, uuid } from './columns.ts'

/** All rows meet it, and only those statements say it that are for another index than the key's (STORE-19). */
export const EVERY = 'seq > 0'
const LIVE = `deleted_at is null and ${EVERY}`
const GONE = `deleted_at is not null and ${EVERY}`
/** What a list is sorted by, and beside it what it is filtered by (STORE-17). */
const sortIndex = (name: string, key: string, besides = 'status, priority, due_order, due') => ({
  name,
  expression: `create index "${name}" on "tasks" (owner_id, ${key}, id) include (${besides}) where ${LIVE}`,
})
/** A due date that is not there comes last either way: each direction has its stand-in for it, and its index. */
const dueIndex = (name: string, standIn: string) => sortIndex(name, `(case when due_order is null then ${standIn} else due_order end)`)

/** Tasks, those in the trash included. `titleKey` and `searchText` are folded by the domain, `dueOrder` is milliseconds, `weight` bytes. */
export const Tasks = defineEntity({
  name: 'Tasks',
  tableName: 'tasks',
  ...GUARDED,
  indexes: [
    { name: 'tasks_seq', properties: ['ownerId', 'seq'], where: EVERY },
    sortIndex('tasks_created', 'created_at'),
    sortIndex('tasks_updated', 'updated_at'),
    dueIndex('tasks_due_up', '9223372036854775807'),
    dueIndex('tasks_due_down', '-9223372036854775808'),
    sortIndex('tasks_priority', 'priority', 'status, due_order, due'),
    sortIndex('tasks_title', 'title_key'),
    { name: 'tasks_trash', properties: ['ownerId', 'deletedAt', 'id'], where: GONE },
    { name: 'tasks_trashed', properties: ['ownerId', 'seq'], where: GONE },
  ],
  properties: {
    ownerId: owner(),
    id: uuid('id').primary(),
    seq: number('seq'),
    version: integer('version'),
    printed: text('printed'),
    titleKey: sorted('title_key'),
    searchText: text('search_text'),
    status: text('status'),
    priority: p.smallint().fieldName('priority'),
    due: sorted('due').nullable(),
    dueOrder: number('due_order').nullable(),
    createdAt: moment('created_at'),
    updatedAt: moment('updated_at'),
    deletedAt: moment('deleted_at').nullable(),
    weight: integer('weight'),
  },
})

/** Goes with its task. */
export const ofTask = (foreignKeyName: string) =>
  p
    .manyToOne(Tasks)
    .joinColumns('owner_id', 'task_id')
    .referencedColumnNames('owner_id', 'id')
    .ownColumns('task_id')
    .deleteRule('cascade')
    .updateRule('no action')
    .foreignKeyName(foreignKeyName)

/** The tags again, by tag: under a policy only equality finds them by index. */
export const TaskTags = defineEntity({
  name: 'TaskTags',
  tableName: 'task_tags',
  ...GUARDED,
  indexes: [{ name: 'task_tags_tag', properties: ['ownerId', 'tag', 'task'], where: "tag <> ''" }],
  properties: { ownerId: owner(), task: ofTask('task_tags_owner_id_task_id_fkey').primary(), tag: sorted('tag').primary() },
})

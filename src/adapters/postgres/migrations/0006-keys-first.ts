import { Migration } from '@mikro-orm/migrations'

/**
 * What is looked up by its key is found by its key, whatever the planner believes: every other index has a condition that all rows meet, and
 * that only the statements say for which it is made (STORE-19). Of two indexes that begin with the owner a planner without statistics, or with
 * those of many small owners, takes either, and walks through all that a large one has.
 */
const EVERY = 'seq > 0'
const LIVE = `deleted_at is null and ${EVERY}`
const BESIDES = 'status, priority, due_order, due'
const dueOr = (standIn: string): string => `(case when due_order is null then ${standIn} else due_order end)`
const sortIndex = (key: string, besides = BESIDES): string => `tasks (owner_id, ${key}, id) include (${besides}) where ${LIVE}`

const INDEXES: Readonly<Record<string, string>> = {
  tasks_created: sortIndex('created_at'),
  tasks_updated: sortIndex('updated_at'),
  tasks_due_up: sortIndex(dueOr('9223372036854775807')),
  tasks_due_down: sortIndex(dueOr('-9223372036854775808')),
  tasks_priority: sortIndex('priority', 'status, due_order, due'),
  tasks_title: sortIndex('title_key'),
  tasks_seq: `tasks (owner_id, seq) where ${EVERY}`,
  tasks_trash: `tasks (owner_id, deleted_at, id) where deleted_at is not null and ${EVERY}`,
  tasks_trashed: `tasks (owner_id, seq) where deleted_at is not null and ${EVERY}`,
  task_tags_tag: `task_tags (owner_id, tag, task_id) where tag <> ''`,
  tombstones_expiry: `tombstones (owner_id, expires_at) where ${EVERY}`,
  tombstones_seq: `tombstones (owner_id, seq) where ${EVERY}`,
  kept_answers_task: `kept_answers (owner_id, task_id) where body is not null and weight > 0`,
  kept_answers_expiry: `kept_answers (owner_id, expires_at) where expires_at > '-infinity'`,
}

/** An entry is looked up by its task and version; by its number only where the feed tells of it. */
const ENTRIES = [
  'alter table changes drop constraint changes_pkey',
  'alter table changes drop constraint changes_owner_id_task_id_version_key',
  'alter table changes add primary key (owner_id, task_id, version)',
  `create unique index changes_seq on changes (owner_id, seq) where ${EVERY}`,
]

export class KeysFirst extends Migration {
  override up(): void {
    for (const [name, of] of Object.entries(INDEXES)) {
      this.addSql(`drop index ${name}`)
      this.addSql(`create index ${name} on ${of}`)
    }
    for (const statement of ENTRIES) this.addSql(statement)
  }
}

import { Migration } from '@mikro-orm/migrations'

/** What lists are sorted by, as the indexes of the first migration have it. */
const SORTS = {
  created: 'created_at',
  updated: 'updated_at',
  due_up: '(case when due_order is null then 9223372036854775807 else due_order end)',
  due_down: '(case when due_order is null then -9223372036854775808 else due_order end)',
  priority: 'priority',
  title: 'title_key',
}

/** With what lists are filtered by in each index, a filter that few tasks pass is a walk along the index alone, and never one through all the tasks. */
const COVERING = Object.entries(SORTS).flatMap(([name, key]) => [
  `drop index tasks_${name}`,
  `create index tasks_${name} on tasks (owner_id, ${key}, id) include (${['status', 'priority', 'due_order', 'due'].filter((column) => column !== key).join(', ')})
where deleted_at is null`,
])

export class Covering extends Migration {
  override up(): void {
    for (const statement of COVERING) this.addSql(statement)
  }
}

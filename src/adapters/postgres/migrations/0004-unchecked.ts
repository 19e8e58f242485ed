import { Migration } from '@mikro-orm/migrations'

/**
 * PostgreSQL reads and plans each of these anew for every statement that writes a row, which made a sixth of a creation. The words of a status and
 * of a kind, and what belongs to what, are the domain's, which alone makes rows (STORE-01).
 */
const CHECKS = {
  tasks: ['tasks_status_check', 'tasks_priority_check', 'tasks_check'],
  changes: ['changes_kind_check'],
  kept_answers: ['kept_answers_kind_check'],
}

export class Unchecked extends Migration {
  override up(): void {
    for (const [table, checks] of Object.entries(CHECKS)) for (const check of checks) this.addSql(`alter table ${table} drop constraint ${check}`)
  }
}

import { Migration } from '@mikro-orm/migrations'

/** What reads the journal finds what changed since a number, in the order of numbers, the tasks in the trash and the purged ones too. */
const FEED = [`create index tasks_seq on tasks (owner_id, seq)`, `create index tombstones_seq on tombstones (owner_id, seq)`]

export class Journal extends Migration {
  override up(): void {
    for (const statement of [...FEED]) this.addSql(statement)
  }
}

import { Migration } from '@mikro-orm/migrations'

/** How many tasks of the owner were ever purged: what waited for the owner's row sees by it that a tombstone may have come meanwhile. */
export class Purges extends Migration {
  override up(): void {
    this.addSql(`alter table owners add column purges bigint not null default 0`)
  }
}

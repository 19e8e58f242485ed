import { Migration } from '@mikro-orm/migrations'

/** What reads the journal finds what changed since a number, in the order of numbers, the tasks in the trash and the purged ones too. */
const FEED = [`create index tasks_seq on tasks (owner_id, seq)`, `create index tombstones_seq on tombstones (owner_id, seq)`]

/** What was in the trash when it was emptied is told by its number, and found by it. */
const TRASH = [
  `alter table owners add column emptied bigint not null default 0`,
  `create index tasks_trashed on tasks (owner_id, seq) where deleted_at is not null`,
]

const OWN = `owner_id = current_setting('app.owner_id', true)`

/** A batch's answer shows several tasks: each leads to it, so that a purge finds it. What its operations did is kept beside the tasks. */
const BATCH = [
  `alter table kept_answers alter column task_id drop not null`,
  `alter table kept_answers add column kinds text null`,
  `alter table kept_answers drop constraint kept_answers_kind_check`,
  `alter table kept_answers add constraint kept_answers_kind_check check (kind in ('created', 'changed', 'discarded', 'batch'))`,
  `create table kept_tasks (
    owner_id text collate "C" not null,
    scope_hash bytea not null,
    key text collate "C" not null,
    task_id uuid not null,
    primary key (owner_id, scope_hash, key, task_id),
    foreign key (owner_id, scope_hash, key) references kept_answers (owner_id, scope_hash, key) on delete cascade
  )`,
  `create index kept_tasks_task on kept_tasks (owner_id, task_id)`,
  `alter table kept_tasks enable row level security`,
  `alter table kept_tasks force row level security`,
  `create policy own_rows on kept_tasks using (${OWN}) with check (${OWN})`,
]

export class Journal extends Migration {
  override up(): void {
    for (const statement of [...FEED, ...TRASH, ...BATCH]) this.addSql(statement)
  }
}

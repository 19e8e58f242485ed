import { Migration } from '@mikro-orm/migrations'

/** Every key and index of an owner's tables begins with the owner, so that rows of one owner can one day live together (OWN-04). */
const TABLES = [
  `create table owners (
    owner_id text collate "C" not null primary key,
    seq bigint not null default 0,
    tasks int not null default 0,
    bytes bigint not null default 0,
    forgotten bigint not null default 0,
    due_at timestamptz(3) null
  )`,
  `create table tasks (
    owner_id text collate "C" not null,
    id uuid not null,
    seq bigint not null,
    version int not null,
    title text not null,
    title_key text collate "C" not null,
    description text not null,
    search_text text not null,
    status text not null check (status in ('todo', 'in_progress', 'done', 'cancelled')),
    priority smallint not null check (priority >= 0 and priority <= 4),
    due text collate "C" null,
    due_order bigint null check ((due_order is null) = (due is null)),
    tags text[] not null,
    completed_at timestamptz(3) null,
    created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null,
    deleted_at timestamptz(3) null,
    weight int not null,
    primary key (owner_id, id)
  )`,
  `create table task_tags (
    owner_id text collate "C" not null,
    task_id uuid not null,
    tag text collate "C" not null,
    primary key (owner_id, task_id, tag),
    foreign key (owner_id, task_id) references tasks (owner_id, id) on delete cascade
  )`,
  `create table changes (
    owner_id text collate "C" not null,
    seq bigint not null,
    task_id uuid not null,
    version int not null,
    kind text not null check (kind in ('created', 'edited', 'completed', 'reopened', 'deleted', 'restored', 'reverted')),
    at timestamptz(3) not null,
    actor text not null,
    fields json not null,
    weight int not null,
    primary key (owner_id, seq),
    unique (owner_id, task_id, version),
    foreign key (owner_id, task_id) references tasks (owner_id, id) on delete cascade
  )`,
  `create table kept_answers (
    owner_id text collate "C" not null,
    scope_hash bytea not null,
    key text collate "C" not null,
    fingerprint text not null,
    kind text not null check (kind in ('created', 'changed', 'discarded')),
    task_id uuid not null,
    seq bigint not null,
    body text null,
    weight int not null,
    expires_at timestamptz(3) not null,
    primary key (owner_id, scope_hash, key)
  )`,
  `create table tombstones (
    owner_id text collate "C" not null,
    id uuid not null,
    seq bigint not null,
    deleted_at timestamptz(3) not null,
    expires_at timestamptz(3) not null,
    primary key (owner_id, id)
  )`,
  `create table due_work (owner_id text collate "C" not null primary key, due_at timestamptz(3) not null)`,
]

/**
 * Lists: a partial index for each sort. No due date comes last either way: two indexes, each with its own stand-in for it (LIST-05);
 * by `case`, since `coalesce` is nothing that a policy lets an index compare.
 */
const INDEXES = [
  `create index tasks_created on tasks (owner_id, created_at, id) where deleted_at is null`,
  `create index tasks_updated on tasks (owner_id, updated_at, id) where deleted_at is null`,
  `create index tasks_due_up on tasks (owner_id, (case when due_order is null then 9223372036854775807 else due_order end), id) where deleted_at is null`,
  `create index tasks_due_down on tasks (owner_id, (case when due_order is null then -9223372036854775808 else due_order end), id) where deleted_at is null`,
  `create index tasks_priority on tasks (owner_id, priority, id) where deleted_at is null`,
  `create index tasks_title on tasks (owner_id, title_key, id) where deleted_at is null`,
  `create index tasks_trash on tasks (owner_id, deleted_at, id) where deleted_at is not null`,
  `create index task_tags_tag on task_tags (owner_id, tag, task_id)`,
  `create index kept_answers_task on kept_answers (owner_id, task_id) where body is not null`,
  `create index kept_answers_expiry on kept_answers (owner_id, expires_at)`,
  `create index tombstones_expiry on tombstones (owner_id, expires_at)`,
  // The one index that does not begin with the owner: work for all owners is found by its moment (STORE-10).
  `create index due_work_due on due_work (due_at)`,
]

const OWN = `owner_id = current_setting('app.owner_id', true)`

const guarded = (table: string): readonly string[] => [
  `alter table ${table} enable row level security`,
  `alter table ${table} force row level security`,
  `create policy own_rows on ${table} using (${OWN}) with check (${OWN})`,
]

/** Made of functions that are always there: 244 bits from the server's own source of randomness, drawn out over 32 bytes. */
const SECRET = [
  `create table server_secret (id smallint not null primary key default 1 check (id = 1), secret bytea not null check (octet_length(secret) = 32))`,
  `insert into server_secret (secret) values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))`,
]

export class First extends Migration {
  override up(): void {
    const tables = ['owners', 'tasks', 'task_tags', 'changes', 'kept_answers', 'tombstones', 'due_work']
    const foundForAll = `create policy found_for_all on due_work for select using (true)`
    for (const statement of [...TABLES, ...INDEXES, ...tables.flatMap(guarded), foundForAll, ...SECRET]) this.addSql(statement)
  }
}

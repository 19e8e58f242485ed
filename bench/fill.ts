import { PRINTED } from '../src/adapters/postgres/migrations/0007-printed.ts'

/** Owners that are larger than the others, and how many tasks they have where the database is large enough; the rest are shared out evenly. */
const LARGER = [
  { owner: 'owner-100000', tasks: 100_000 },
  { owner: 'owner-10000', tasks: 10_000 },
  { owner: 'owner-1000', tasks: 1_000 },
  { owner: 'owner-100', tasks: 100 },
  { owner: 'owner-10', tasks: 10 },
]

/** One for each of them, so that none takes another's. */
const REMAINDERS = [0, 7, 13, 19, 23]

/** A word of a search that is rare, and one that is not: the two of them are in one title of five thousand. */
export const WORDS = { rare: 'zebra', usual: 'garden' }

export const ownersOf = (tasks: number): number => Math.max(10, Math.round(tasks / 100))
/** The name of an owner that is like most. */
export const ownerAt = (n: number): string => `owner-n${n}`
/** The larger owners that are in a database of this size. */
export const largerIn = (tasks: number) => LARGER.filter((one) => one.tasks * 10 <= tasks)

/** A larger owner has one task in so many, so that its tasks lie between the others', as they do when many write at once. */
function ownerCase(tasks: number): string {
  const cases = largerIn(tasks).map(({ owner, tasks: held }, at) => {
    const every = Math.floor(tasks / held)
    return `when n % ${every} = ${REMAINDERS[at]} and n / ${every} < ${held} then '${owner}'`
  })
  const usual = `'owner-n' || (n * 7919::bigint) % ${ownersOf(tasks) - largerIn(tasks).length}`
  return `case ${cases.join(' ')} else ${usual} end`
}

const pick = (words: readonly string[], by: string): string => `(array['${words.join("','")}'])[1 + ${by} % ${words.length}]`
const VERBS = ['Water', 'Prune', 'Call', 'Write', 'Buy', 'Mend', 'Paint', 'Read', 'Plan', 'Visit', 'Clean', 'Sort', 'Sell', 'Ask']
const THINGS = ['figs', 'olives', 'roof', 'report', 'letters', 'bicycle', 'kitchen', 'archive', 'invoice', 'orchard', 'library', 'harbour', 'engine']

/** Indexes but those of keys are made once the rows are there, which takes a fifth of the time; they are the schema's own, to the letter. */
const ASIDE = `do $$ declare one record; begin
create table aside as select format('%I.%I', schemaname, indexname) as name, indexdef from pg_indexes i
where schemaname = current_schema() and not exists (select from pg_constraint c where c.conname = i.indexname);
for one in select name from aside loop execute 'drop index ' || one.name; end loop; end $$`
const BACK = `do $$ declare one record; begin
for one in select indexdef from aside loop execute one.indexdef; end loop; drop table aside; end $$`

/** What is filled in, in order; rows as Taskward itself would have written them, and beside them the table that the others use. */
export const fillings = (tasks: number): readonly (readonly [what: string, sql: string])[] => [
  ['indexes aside', ASIDE],
  [
    'tasks',
    `with raw as (
  select n, ${ownerCase(tasks)} as owner_id, timestamptz '2026-01-01' + (n * (interval '300 days' / ${tasks})) as at, md5(n::text) as hash,
    ('x' || substr(md5(n::text), 1, 6))::bit(24)::int as chance
  from generate_series(1, ${tasks}) n
), drawn as (
  select n, owner_id, date_trunc('milliseconds', at) as at, chance,
    (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 7, 3) || '8' || substr(hash, 10, 15))::uuid as id,
    ${pick(VERBS, 'chance')} || ' the ' || ${pick(THINGS, '(chance / 16)')} || case when chance % 50 = 0 then ' ${WORDS.usual}' else '' end
      || case when chance % 5000 = 0 then ' ${WORDS.rare}' else '' end || ', ' || n as title,
    repeat(${pick(['As agreed on the telephone, and before the first frost. ', 'See the notes of last week; nobody is in a hurry. '], 'chance')}, 1 + chance % 4) as description,
    case when chance % 4 = 0 then 'done' when chance % 16 = 1 then 'in_progress' when chance % 32 = 2 then 'cancelled' else 'todo' end as status,
    (chance / 64) % 5 as priority,
    case when chance % 3 = 0 then null else (date '2026-06-01' + (chance / 128) % 365)::text end as due,
    case when chance % 2 = 0 then array[]::text[] when chance % 3 = 0 then array['garden', 'home'] else array['work'] end as tags
  from raw
)
insert into tasks (owner_id, id, seq, version, printed, title_key, search_text, status, priority, due, due_order, created_at, updated_at, weight)
select owner_id, id, row_number() over (partition by owner_id collate "C" order by n), version, ${PRINTED}, lower(title collate "C"), lower((title || E'\\n' || description) collate "C"), status, priority, due,
  case when due is not null then (extract(epoch from (due || ' 23:59:59.999+00')::timestamptz) * 1000)::bigint end,
  created_at, updated_at, 256 + length(title) + length(description) + coalesce(length(due), 0) + length(array_to_string(tags, ','))
from (select *, 1 as version, case when status = 'done' then at end as completed_at, at as created_at, at as updated_at from drawn) drawn order by n`,
  ],
  ['tags', `insert into task_tags (owner_id, task_id, tag) select owner_id, id, tag from tasks, json_array_elements_text(printed::json -> 'tags') tag`],
  [
    'the journal',
    `insert into changes (owner_id, seq, task_id, version, kind, at, actor, fields, weight) select owner_id, seq, id, 1, 'created', created_at, owner_id, '{}', 258 from tasks`,
  ],
  ['owners', `insert into owners (owner_id, seq, tasks, bytes) select owner_id, count(*), count(*), sum(weight) + 258 * count(*) from tasks group by owner_id`],
  ['indexes back', BACK],
  [
    'the table of the others',
    `create table plain_tasks as select t.id, t.owner_id, was.title, was.description, t.status, was.priority, t.due, was.tags, was."completedAt" as completed_at,
t.created_at, t.updated_at, t.version
from tasks t, json_to_record(t.printed::json) as was (title text, description text, priority text, tags text[], "completedAt" timestamptz(3)) order by t.created_at`,
  ],
  [
    'its defaults',
    `alter table plain_tasks add primary key (id), alter id set default gen_random_uuid(), alter owner_id set not null, alter title set not null,
alter description set not null, alter description set default '', alter status set not null, alter status set default 'todo', alter priority set not null,
alter priority set default 'none', alter tags set not null, alter tags set default '{}', alter created_at set not null, alter created_at set default now(),
alter updated_at set not null, alter updated_at set default now(), alter version set not null, alter version set default 1`,
  ],
  ['its index', 'create index plain_tasks_list on plain_tasks (owner_id, created_at desc, id desc)'],
  ['vacuum', 'vacuum analyze'],
]

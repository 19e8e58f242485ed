import type pg from 'pg'

/** Changes fail with this SQLSTATE until so many have; a sequence counts those too that are rolled back. */
export async function failing(superuser: pg.Client, state: string, count: number): Promise<void> {
  await superuser.query(`drop trigger if exists failing on changes; drop function if exists fail; drop sequence if exists failures;
create sequence failures; grant usage on sequence failures to ordinary;
create function fail() returns trigger language plpgsql as $$ begin
if nextval('failures') <= ${count} then raise exception using errcode = '${state}', message = 'could not serialize access'; end if; return new; end $$;
create trigger failing before insert on changes for each row execute function fail()`)
}

/** How many changes were tried since then. */
export async function triedOf(superuser: pg.Client): Promise<number> {
  const { rows } = await superuser.query<{ tried: number }>('select case when is_called then last_value else 0 end::int as tried from failures')
  return rows[0]?.tried ?? 0
}

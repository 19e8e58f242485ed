import type { PGlite } from '@electric-sql/pglite'

/** What was counted is told with the next second's otherwise. */
const TELL = 'select pg_stat_force_next_flush()'

/** Autovacuum's own measure, as its settings are by themselves: https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM */
const WRITTEN = `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
where n_dead_tup > 50 + n_live_tup / 5 or n_ins_since_vacuum > 1000 + n_live_tup / 5`

/**
 * What autovacuum does on a server (STORE-21): each table of which enough was written since. What is asked meanwhile waits, 3 ms for a thousand
 * tasks that were all written anew.
 */
export async function vacuumWritten(pglite: PGlite): Promise<void> {
  await pglite.exec(TELL)
  const { rows } = await pglite.query<{ readonly name: string }>(WRITTEN)
  for (const { name } of rows) await pglite.exec(`vacuum ${name}`)
}

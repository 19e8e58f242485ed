import type { Settings } from '../config.ts'

/** What one of several processes has of what is set for all of them. */
export interface Share {
  readonly maxInFlight: number
  readonly maxStreams: number
  /** Connections to the database. */
  readonly pool: number
}

/** One for each process; together they are what is set (PROC-02). */
export function sharesOf({ workers, maxInFlight, maxStreams, database }: Settings): readonly Share[] {
  const pool = database.kind === 'server' ? database.pool : workers
  return Array.from({ length: workers }, (_, at) => {
    const part = (whole: number): number => Math.floor(whole / workers) + (at < whole % workers ? 1 : 0)
    return { maxInFlight: part(maxInFlight), maxStreams: part(maxStreams), pool: part(pool) }
  })
}

/** The settings of the process that has this share. */
export const withShare = (settings: Settings, { maxInFlight, maxStreams, pool }: Share): Settings => ({
  ...settings,
  maxInFlight,
  maxStreams,
  database: settings.database.kind === 'server' ? { ...settings.database, pool } : settings.database,
})

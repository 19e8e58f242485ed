import type { Cluster } from './database.ts'

/** What every part of a run is given. */
export interface Context {
  readonly cluster: Cluster
  /** Filled with `tasks` tasks. */
  readonly database: string
  readonly tasks: number
  /** Connections to the database, of every server alike: Taskward's default. */
  readonly pool: number
  /** Kept-alive connections of the load. */
  readonly connections: number
  readonly rounds: number
  /** Of a load. */
  readonly seconds: number
  readonly full: boolean
  readonly tell: (what: string) => void
}

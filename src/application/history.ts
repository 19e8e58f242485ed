import { type Entry, revert, type WayBack } from '../domain/history.ts'
import type { Instant } from '../domain/instant.ts'
import { refuse } from '../domain/refusal.ts'
import type { TaskId } from '../domain/task.ts'
import { change, changeLoaded, type Terms } from './changing.ts'
import type { Loaded, Once, Outcome, Ports } from './ports.ts'
import type { Principal } from './principal.ts'
import { asJson, type Json } from './printing.ts'

/** The journal of one task. */
export interface History {
  /**
   * One page of the task's entries, the newest first: at most `limit` of them, and no more than go into `bytes`, but one if there is one.
   * Undefined where this owner has no such task, in the trash or outside it.
   */
  history(id: TaskId, query: HistoryQuery): Promise<HistoryPage | undefined>

  /** What `load` gives, and in the same look the way back from the task as it is to an earlier version, over the entries that are kept. */
  loadWayBack(id: TaskId, version: number, once: Once | undefined, now: Instant): Promise<LoadedWayBack>
}

export interface LoadedWayBack extends Loaded {
  readonly way: WayBack
}

export interface HistoryQuery {
  /** 1 to 100. */
  readonly limit: number
  /** UTF-8, a comma for each entry counted. */
  readonly bytes: number
  /** Only entries of versions before this one; undefined: all. */
  readonly before: number | undefined
}

export interface HistoryPage {
  readonly items: Json<readonly Entry[]>
  /** The version of the last item, where earlier ones are kept. */
  readonly next: number | undefined
}

/** For stores that hold rows. */
export const printEntry = (entry: Entry): Json<Entry> => {
  const { seq, at, kind, version, actor, fields } = entry
  return asJson(JSON.stringify({ seq, at, kind, version, actor, fields }))
}

/** @throws {Refused} not-found, insufficient-permission */
export const readHistory =
  (ports: Ports) =>
  async (principal: Principal, id: TaskId, query: HistoryQuery): Promise<HistoryPage> =>
    (await ports.tasks.of(principal.mayRead()).history(id, query)) ?? refuse({ kind: 'not-found' })

/**
 * Takes the task back to an earlier version, as a new one (REV-01).
 * @param asked the version, or what throws what the caller holds back until the task is found and as expected
 * @throws {Refused} no-such-version, and those of every change
 */
export const revertTask =
  (ports: Ports) =>
  (principal: Principal, id: TaskId, asked: number | (() => never), terms: Terms = {}): Promise<Outcome> =>
    typeof asked === 'function'
      ? change(ports, principal, id, asked, terms)
      : changeLoaded(
          ports,
          principal,
          {
            id,
            kind: 'changed',
            load: (mine, key, now) => mine.loadWayBack(id, asked, key, now),
            decide: (task, now, { way }) => revert(task, asked, way, now),
          },
          terms,
        )

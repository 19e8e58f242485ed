import type { Left } from '../../application/counting.ts'

/** What one process tells another, as JSON over the channel that the system gives a process and its child. */

/** Where a worker process serves, and its share of what is set for all. */
export interface Place {
  readonly port: number
  readonly maxInFlight: number
  readonly maxStreams: number
  /** Connections to the database. */
  readonly pool: number
}

/** One thing to count, as in `Counts`; each has one answer. */
export type Question =
  | { readonly kind: 'stranger'; readonly address: string }
  | { readonly kind: 'owner'; readonly owner: string; readonly address: string }
  | { readonly kind: 'batch'; readonly owner: string; readonly requests: number }
  | { readonly kind: 'stream'; readonly owner: string }

/** @property isOfAddress whether it is the address that it tells of, not the owner */
export interface Answer extends Left {
  readonly isOfAddress: boolean
}

/** Figures of one process, opaque here. */
export type Figures = readonly object[]

export type FromWorker =
  | { readonly kind: 'here' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'cannot-start'; readonly lines: readonly string[] }
  /** All questions of one turn of the loop. */
  | { readonly kind: 'count'; readonly id: number; readonly questions: readonly Question[] }
  | { readonly kind: 'stream-given-back'; readonly owner: string }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: Figures }
  | { readonly kind: 'print-metrics'; readonly id: number }

export type FromPrimary =
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'stop'; readonly why: string }
  | { readonly kind: 'counted'; readonly id: number; readonly answers: readonly Answer[] }
  | { readonly kind: 'tell-figures'; readonly id: number }
  | { readonly kind: 'metrics'; readonly id: number; readonly text: string }

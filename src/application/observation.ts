/** Everything worth telling, closed: the log and the metrics are two listeners. None of it holds a token, a title or a query value. */
export type Observation =
  | { readonly kind: 'listening'; readonly url: string; readonly database: string }
  | { readonly kind: 'answered'; readonly request: AnsweredRequest }
  /** Nobody's fault but ours or the world's: told with its cause, answered 500 or 503. */
  | { readonly kind: 'failed'; readonly requestId: string | undefined; readonly cause: unknown }
  | { readonly kind: 'key-set-fetched'; readonly keys: number }
  | { readonly kind: 'key-set-failed'; readonly reason: string }
  /** Tasks purged, kept answers and tombstones forgotten, of however many owners. */
  | { readonly kind: 'due-work-done'; readonly count: number }
  | { readonly kind: 'migrated'; readonly names: readonly string[] }
  | { readonly kind: 'warned'; readonly what: string }
  /** Of several server processes on one port, by their process ids; `how` is an exit code or a signal. */
  | { readonly kind: 'worker-started'; readonly worker: number }
  | { readonly kind: 'worker-ended'; readonly worker: number; readonly how: number | string; readonly reason: readonly string[] | undefined }
  | { readonly kind: 'stopping'; readonly signal: string }
  | { readonly kind: 'stopped' }

export interface AnsweredRequest {
  readonly id: string
  readonly method: string
  /** The route's pattern, never the path that was asked for; undefined where no route matched. */
  readonly route: string | undefined
  readonly status: number
  readonly milliseconds: number
  /** A pseudonym: HMAC of the owner. */
  readonly owner: string | undefined
  /** The problem's slug, where the answer is one. */
  readonly problem: string | undefined
  /** Why a token was refused, where it was; holds nothing of the token. */
  readonly reason: string | undefined
  /** The trace that it is part of, where it is of one: 32 hexadecimal digits. */
  readonly trace?: string | undefined
}

export type Tell = (observation: Observation) => void

/** What is there at this moment. */
export interface Levels {
  /** Requests under way that count against `MAX_IN_FLIGHT`. */
  inFlight(): number
  /** Open streams. */
  streams(): number
  /** Undefined: there is no pool. */
  readonly connections?: (() => Connections) | undefined
}

/** Of a pool. */
export interface Connections {
  readonly busy: number
  readonly idle: number
  /** Statements that wait for one. */
  readonly waiting: number
}

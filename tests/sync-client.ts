import { randomUUID } from 'node:crypto'

/** One request; rejects where the connection failed, and then nobody knows whether it was carried out. */
export type Send = (method: string, path: string, body?: unknown, key?: string) => Promise<{ readonly status: number; readonly body: string }>

export interface Task {
  readonly id: string
  readonly title: string
  readonly [field: string]: unknown
}

interface Write {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly key: string
}

interface Change {
  readonly taskId: string
  readonly task: Task | null
}

/** Keeps a copy of one owner's tasks: writes are queued while offline, and what others did is caught up with. */
export class SyncClient {
  /** The server's tasks as far as this client has been told; all of it fits into whatever the client keeps things in. */
  copy = new Map<string, Task>()
  readonly queue: Write[] = []
  readonly #send: Send
  /** The number up to which the copy is true; 0: a first sync, which gathers in `#fresh` and replaces the copy once it is whole. */
  #since = 0
  #cursor: string | null = null
  #fresh = new Map<string, Task>()

  constructor(send: Send) {
    this.#send = send
  }

  /** @returns the id, made here, so that the task can be changed before the server has heard of it */
  create(fields: object, id: string = randomUUID()): string {
    this.#enqueue('POST', '/api/tasks', { ...fields, id })
    return id
  }

  patch = (id: string, fields: object): void => this.#enqueue('PATCH', `/api/tasks/${id}`, fields)
  complete = (id: string): void => this.#enqueue('PUT', `/api/tasks/${id}/completion`)
  reopen = (id: string): void => this.#enqueue('DELETE', `/api/tasks/${id}/completion`)
  discard = (id: string): void => this.#enqueue('DELETE', `/api/tasks/${id}`)
  restore = (id: string): void => this.#enqueue('POST', `/api/trash/${id}/restoration`)

  /** Whatever it fails with, it may be called again: what was under way is sent with the same key, and what was told is not lost. */
  async sync(): Promise<void> {
    await this.#push()
    await this.#pull()
  }

  #enqueue(method: string, path: string, body?: unknown): void {
    this.queue.push({ method, path, body, key: randomUUID() })
  }

  /** In order, each until it has an answer. One that is refused, as the task is gone or there already, is left at that. */
  async #push(): Promise<void> {
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      const { status, body } = await this.#send(next.method, next.path, next.body, next.key)
      if (status >= 500 || status === 429 || body.includes('/api/problems/idempotency-key-in-progress')) throw new Error(`not now: ${status}`)
      this.queue.shift()
    }
  }

  async #pull(): Promise<void> {
    for (let more = true; more; ) {
      const { status, body } = await this.#send('GET', this.#cursor === null ? `/api/changes?since=${this.#since}` : `/api/changes?cursor=${this.#cursor}`)
      if (status === 410 || (status === 400 && this.#cursor !== null)) this.#beginAgain()
      else if (status === 200) more = this.#take(JSON.parse(body))
      else throw new Error(`not now: ${status}`)
    }
  }

  #beginAgain(): void {
    this.#since = 0
    this.#cursor = null
    this.#fresh = new Map()
  }

  #take({ changes, next, more, cursor }: { changes: readonly Change[]; next: number; more: boolean; cursor: string | null }): boolean {
    const isFirstSync = this.#since === 0
    const tasks = isFirstSync ? this.#fresh : this.copy
    for (const { taskId, task } of changes) {
      if (task === null) tasks.delete(taskId)
      else tasks.set(taskId, task)
    }
    if (isFirstSync && more) this.#cursor = cursor
    else {
      this.copy = tasks
      this.#since = next
      this.#cursor = null
      this.#fresh = new Map()
    }
    return more
  }
}

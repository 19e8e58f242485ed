import { randomUUID } from 'node:crypto'
import { tokenFor } from '../figures/measuring.ts'

/** A task as one client knows it to be. Its version counts what was done to it: once for each write, or the write was done twice. */
export interface Known {
  readonly title: string
  readonly status: string
  readonly isTrashed: boolean
  readonly version: number
}

export interface History {
  readonly owner: string
  readonly tasks: Map<string, Known>
  acknowledged: number
  /** Writes of which the first answer did not say what became of them. */
  unknown: number
  /** Milliseconds that an answer took, whatever it said. */
  slowest: number
}

interface Told {
  readonly id: string
  readonly title: string
  readonly status: string
  readonly version: number
}

interface Write {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  /** What is known once it is acknowledged. */
  done(answer: string): void
}

/** A client that writes one thing after the other to tasks that it alone makes, each with a key, and again until it is told what became of it. */
export class Worker {
  readonly history: History
  readonly #url: string
  readonly #number: number
  #isOver = false
  #made = 0

  constructor(url: string, owner: string, number: number) {
    this.#url = url
    this.#number = number
    this.history = { owner, tasks: new Map(), acknowledged: 0, unknown: 0, slowest: 0 }
  }

  stop(): void {
    this.#isOver = true
  }

  /** Until it is stopped; what is under way then is settled first. */
  async work(): Promise<void> {
    while (!this.#isOver) await this.#settle(this.#next())
  }

  /** All that a path lists. */
  static async allOf(url: string, owner: string, path: string): Promise<readonly Told[]> {
    const found: Told[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const answer = await ask(owner, 'GET', `${url}${path}?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
      if (answer?.status !== 200) throw new Error(`${path} is not told: ${answer?.body}`)
      const page: { readonly items: readonly Told[]; readonly nextCursor: string | null } = JSON.parse(answer.body)
      found.push(...page.items)
      cursor = page.nextCursor
    }
    return found
  }

  async #settle({ method, path, body, done }: Write): Promise<void> {
    const key = randomUUID()
    for (let isKnown = true; ; ) {
      const begun = performance.now()
      const answer = await ask(this.history.owner, method, `${this.#url}${path}`, body, key)
      if (answer !== undefined) this.history.slowest = Math.max(this.history.slowest, performance.now() - begun)
      if (answer !== undefined && answer.status < 300) {
        this.history.acknowledged++
        return done(answer.body)
      }
      if (answer !== undefined && answer.status !== 503 && answer.status !== 409) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`)
      if (isKnown) this.history.unknown++
      isKnown = false
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 50))
    }
  }

  #next(): Write {
    const dice = Math.random()
    const there = this.#any(false)
    const trashed = this.#any(true)
    if (there === undefined || dice < 0.25) return this.#creation()
    if (trashed !== undefined && dice < 0.4) return this.#restoration(trashed)
    if (dice < 0.55) return this.#patch(there)
    if (dice < 0.7) return this.#completion(there)
    return dice < 0.85 ? this.#deletion(there) : this.#batch(there)
  }

  #any(isTrashed: boolean): string | undefined {
    const ids = [...this.history.tasks].filter(([, known]) => known.isTrashed === isTrashed).map(([id]) => id)
    return ids[Math.floor(Math.random() * ids.length)]
  }

  #creation(): Write {
    const title = `${this.#number} made ${this.#made++}`
    return {
      method: 'POST',
      path: '/api/tasks',
      body: { title },
      done: (answer) => {
        const { id }: Told = JSON.parse(answer)
        this.history.tasks.set(id, { title, status: 'todo', isTrashed: false, version: 1 })
      },
    }
  }

  #patch(id: string): Write {
    const title = `${this.#number} patched ${this.#made++}`
    return { method: 'PATCH', path: `/api/tasks/${id}`, body: { title, status: 'in_progress' }, done: () => this.#became(id, { title, status: 'in_progress' }) }
  }

  /** Of a done task it changes nothing. */
  #completion(id: string): Write {
    const isDone = this.history.tasks.get(id)?.status === 'done'
    return { method: 'PUT', path: `/api/tasks/${id}/completion`, done: () => (isDone ? undefined : this.#became(id, { status: 'done' })) }
  }

  #deletion(id: string): Write {
    return { method: 'DELETE', path: `/api/tasks/${id}`, done: () => this.#became(id, { isTrashed: true }) }
  }

  #restoration(id: string): Write {
    return { method: 'POST', path: `/api/trash/${id}/restoration`, done: () => this.#became(id, { isTrashed: false }) }
  }

  #batch(id: string): Write {
    const titles = [`${this.#number} batched ${this.#made++}`, `${this.#number} batched ${this.#made++}`]
    const operations = [
      { op: 'create', body: { title: titles[0] } },
      { op: 'patch', id, body: { title: titles[1] } },
      { op: 'delete', id },
    ]
    return {
      method: 'POST',
      path: '/api/batch',
      body: { operations },
      done: (answer) => {
        const { results }: { readonly results: readonly { readonly task: Told }[] } = JSON.parse(answer)
        this.history.tasks.set(results[0]?.task.id ?? '', { title: titles[0] ?? '', status: 'todo', isTrashed: false, version: 1 })
        this.#became(id, { title: titles[1] ?? '' })
        this.#became(id, { isTrashed: true })
      },
    }
  }

  #became(id: string, what: Partial<Known>): void {
    const known = this.history.tasks.get(id)
    if (known === undefined) throw new Error(`${id} is not known`)
    this.history.tasks.set(id, { ...known, ...what, version: known.version + 1 })
  }
}

/** Undefined where no whole answer came. */
async function ask(
  owner: string,
  method: string,
  url: string,
  body?: unknown,
  key?: string,
): Promise<{ readonly status: number; readonly body: string } | undefined> {
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${tokenFor(owner)}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(5_000),
    })
    return { status: answer.status, body: await answer.text() }
  } catch {
    return undefined
  }
}

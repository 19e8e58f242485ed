import http from 'node:http'
import { tokenFor } from './tokens.ts'

/** What one answer was. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly milliseconds: number
}

/** One kept-alive connection of one owner, one request after the other: what an answer takes on a server that does nothing else. */
export class Asking {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: string
  readonly #headers: http.OutgoingHttpHeaders

  constructor(url: string, owner: string) {
    this.#url = url
    this.#headers = { Authorization: `Bearer ${tokenFor(owner)}` }
  }

  get(path: string): Promise<Answer> {
    return this.#ask('GET', path)
  }

  #ask(method: string, path: string, content?: string): Promise<Answer> {
    const begun = performance.now()
    const headers = content === undefined ? this.#headers : { ...this.#headers, 'Content-Type': 'application/json' }
    return new Promise((resolve, reject) => {
      const request = http.request(`${this.#url}${path}`, { method, agent: this.#agent, headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body, milliseconds: performance.now() - begun }))
      })
      request.on('error', reject).end(content)
    })
  }

  /** Milliseconds of so many answers, which must all be good. Before each of them something of the owner's changes, so that none is told again. */
  async times(path: string, count: number): Promise<readonly number[]> {
    const [changing] = JSON.parse(this.#good(await this.get('/api/tasks?limit=1'))).items
    const times: number[] = []
    for (let n = 0; n < count; n++) {
      if (changing !== undefined) this.#good(await this.#ask('PATCH', `/api/tasks/${changing.id}`, JSON.stringify({ description: `${Math.random()}` })))
      const answer = await this.get(path)
      this.#good(answer)
      times.push(answer.milliseconds)
    }
    return times
  }

  /** Until so many answers in a row were good: what a database reads from the disk for the first time may be given up in between. */
  async warm(path: string, count = 3): Promise<void> {
    for (let good = 0, left = 50; good < count; left--) {
      good = (await this.get(path)).status === 200 ? good + 1 : 0
      if (left === 0) throw new Error(`${path} is not answered`)
    }
  }

  #good({ status, body }: Answer): string {
    if (status !== 200) throw new Error(`an answer was ${status}: ${body.slice(0, 300)}`)
    return body
  }

  close(): void {
    this.#agent.destroy()
  }
}

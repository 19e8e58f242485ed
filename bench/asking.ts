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
    const begun = performance.now()
    return new Promise((resolve, reject) => {
      const request = http.get(`${this.#url}${path}`, { agent: this.#agent, headers: this.#headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body, milliseconds: performance.now() - begun }))
      })
      request.on('error', reject)
    })
  }

  /** Milliseconds of so many answers, which must all be good. */
  async times(path: string, count: number): Promise<readonly number[]> {
    const times: number[] = []
    for (let n = 0; n < count; n++) {
      const { status, body, milliseconds } = await this.get(path)
      if (status !== 200) throw new Error(`${path} was answered with ${status}: ${body.slice(0, 300)}`)
      times.push(milliseconds)
    }
    return times
  }

  close(): void {
    this.#agent.destroy()
  }
}

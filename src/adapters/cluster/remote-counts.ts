import type { Counts, Left } from '../../application/counting.ts'
import type { Answer, FromWorker, Question } from './messages.ts'

interface Asked {
  readonly question: Question
  readonly resolve: (answer: Answer) => void
}

/**
 * Counts in the primary process. What comes up within one turn of the loop goes there as one message, so that under load a request
 * costs a part of one. An address that has nothing left is remembered here until its next minute, so that it costs nothing.
 */
export class RemoteCounts implements Counts {
  readonly #send: (message: FromWorker) => void
  readonly #refused = new Map<string, Left & { readonly at: number }>()
  readonly #underWay = new Map<number, readonly Asked[]>()
  #gathered: Asked[] = []
  #messages = 0

  constructor(send: (message: FromWorker) => void) {
    this.#send = send
  }

  async refused(address: string): Promise<Left | undefined> {
    const known = this.#refused.get(address)
    return known && { ...known, untilNext: known.untilNext - (performance.now() - known.at) }
  }

  countStranger = (address: string): Promise<Left> => this.#ask({ kind: 'stranger', address })
  countOwner = (owner: string, address: string): Promise<Left> => this.#ask({ kind: 'owner', owner, address })
  takeOff = (owner: string, requests: number): Promise<Left> => this.#ask({ kind: 'batch', owner, requests })

  async takeStream(owner: string): Promise<boolean> {
    return (await this.#ask({ kind: 'stream', owner })).isWithin
  }

  giveStreamBack(owner: string): void {
    this.#send({ kind: 'stream-given-back', owner })
  }

  /** What the primary says to the questions of one message, in their order. */
  answer(id: number, answers: readonly Answer[]): void {
    const asked = this.#underWay.get(id) ?? []
    this.#underWay.delete(id)
    for (const [at, { question, resolve }] of asked.entries()) {
      const answer = answers[at]
      if (answer === undefined) continue
      if (answer.isOfAddress && answer.requests <= 0 && 'address' in question) this.#remember(question.address, answer)
      resolve(answer)
    }
  }

  #ask(question: Question): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#gathered.length === 0) setImmediate(() => this.#flush())
      this.#gathered.push({ question, resolve })
    })
  }

  #flush(): void {
    const id = this.#messages++
    this.#underWay.set(id, this.#gathered)
    this.#send({ kind: 'count', id, questions: this.#gathered.map(({ question }) => question) })
    this.#gathered = []
  }

  #remember(address: string, { untilNext }: Left): void {
    if (this.#refused.has(address)) return
    this.#refused.set(address, { isWithin: false, requests: 0, untilNext, at: performance.now() })
    setTimeout(() => this.#refused.delete(address), untilNext).unref()
  }
}

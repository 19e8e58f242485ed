import type { Counts, Left } from '../../application/counting.ts'
import type { Answer, Question } from './messages.ts'

/** Counts for one worker process, and gives back what it had taken once it is gone. */
export class CountingDesk {
  readonly #counts: Counts
  /** The owners of its streams, one entry for each. */
  readonly #streams = new Map<string, number>()

  constructor(counts: Counts) {
    this.#counts = counts
  }

  answer = (questions: readonly Question[]): Promise<readonly Answer[]> => Promise.all(questions.map((question) => this.#answer(question)))

  giveStreamBack(owner: string): void {
    const open = this.#streams.get(owner)
    if (open === undefined) return
    if (open === 1) this.#streams.delete(owner)
    else this.#streams.set(owner, open - 1)
    this.#counts.giveStreamBack(owner)
  }

  close(): void {
    for (const [owner, open] of this.#streams) for (let at = 0; at < open; at++) this.#counts.giveStreamBack(owner)
    this.#streams.clear()
  }

  async #answer(question: Question): Promise<Answer> {
    switch (question.kind) {
      case 'stranger':
        return ofAddress(await this.#counts.countStranger(question.address))
      case 'owner': {
        // The worker need not have heard that the address has nothing left.
        const refused = await this.#counts.refused(question.address)
        return refused === undefined ? ofOwner(await this.#counts.countOwner(question.owner, question.address)) : ofAddress(refused)
      }
      case 'batch':
        return ofOwner(await this.#counts.takeOff(question.owner, question.requests))
      case 'stream':
        return ofOwner({ isWithin: await this.#takeStream(question.owner), requests: 0, untilNext: 0 })
    }
  }

  async #takeStream(owner: string): Promise<boolean> {
    const isTaken = await this.#counts.takeStream(owner)
    if (isTaken) this.#streams.set(owner, (this.#streams.get(owner) ?? 0) + 1)
    return isTaken
  }
}

const ofAddress = (left: Left): Answer => ({ ...left, isOfAddress: true })
const ofOwner = (left: Left): Answer => ({ ...left, isOfAddress: false })

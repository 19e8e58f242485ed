/** Streams that one owner may have open (LIVE-07). */
export const STREAMS_OF_ONE = 10

/** What a name has left of a minute's requests (RATE-01). */
export interface Left {
  /** Whether what was just counted is within the limit. */
  readonly isWithin: boolean
  readonly requests: number
  /** Milliseconds to its next minute. */
  readonly untilNext: number
}

/**
 * What is counted for all processes of one server together (PROC-03), each step whole: two at once never take the same place. Owners are
 * named by the token's subject, addresses as RATE-02 has it.
 */
export interface Counts {
  /** What an address has of which this process knows that it has nothing left; undefined of any other. */
  refused(address: string): Promise<Left | undefined>
  /** Counts a request without a good token. */
  countStranger(address: string): Promise<Left>
  /**
   * Counts a request of an owner.
   * @param address where it came from: if that has nothing left, and `refused` did not know, this is what it has, and nothing is counted
   */
  countOwner(owner: string, address: string): Promise<Left>
  /** Takes off what a batch did beyond the request that was counted; what is too much is owed (BATCH-11). */
  takeOff(owner: string, requests: number): Promise<Left>
  /** @returns whether there was a place; one that was taken is given back once. */
  takeStream(owner: string): Promise<boolean>
  giveStreamBack(owner: string): void
}

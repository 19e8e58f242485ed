import { randomInt, randomUUID } from 'node:crypto'
import type { Ids } from '../../application/ports.ts'
import { isTaskId, type TaskId } from '../../domain/task.ts'

/**
 * UUIDs of version 7 that ascend within a millisecond too, which Node's own `randomUUIDv7` leaves to chance: a counter of 12 bits that
 * begins in its lower half (RFC 9562, section 6.2, method 1), then 62 random bits. A clock set back does not bring them back.
 * @param now milliseconds since 1970
 */
export function createIds(now: () => number = Date.now): Ids {
  let moment = 0
  let counter = 0
  return {
    next() {
      const current = now()
      if (current > moment) {
        moment = current
        counter = randomInt(0x800)
      } else if (++counter > 0xfff) {
        moment++
        counter = 0
      }
      return uuid(moment, counter)
    },
  }
}

function uuid(moment: number, counter: number): TaskId {
  const time = moment.toString(16).padStart(12, '0')
  // The last two groups of a version 4 are its variant and 62 random bits, which is what a version 7 ends with.
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${randomUUID().slice(19)}`
  if (!isTaskId(id)) throw new RangeError('the clock is out of the range of a UUID')
  return id
}

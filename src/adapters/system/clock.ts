import type { Clock } from '../../application/ports.ts'
import { instantAt } from '../../domain/instant.ts'

/** The machine's clock. */
export const systemClock: Clock = { now: () => instantAt(Date.now()) }

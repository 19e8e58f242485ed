import { type Summary, type SummaryBounds, summaryBounds } from '../domain/summary.ts'
import type { Ports } from './ports.ts'
import type { Principal } from './principal.ts'
import { asJson, type Json } from './printing.ts'

/** What one owner's tasks come to. */
export interface Summaries {
  /** Of all tasks outside the trash, in one look and exactly: as `summarize` of the domain has it. */
  summary(bounds: SummaryBounds): Promise<Json<Summary>>
}

/** For stores that hold rows. */
export const printSummary = (summary: Summary): Json<Summary> => asJson(JSON.stringify(summary))

/** @param timeZone where days begin and end. @throws {Refused} insufficient-permission */
export const readSummary =
  (ports: Ports) =>
  (principal: Principal, timeZone: string): Promise<Json<Summary>> =>
    ports.tasks.of(principal.mayRead()).summary(summaryBounds(ports.clock.now(), timeZone))

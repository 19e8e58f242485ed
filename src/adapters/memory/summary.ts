import type { Json } from '../../application/printing.ts'
import { printSummary } from '../../application/summary.ts'
import { type Summary, type SummaryBounds, summarize } from '../../domain/summary.ts'
import type { Account } from './account.ts'

export function summary({ tasks }: Account, bounds: SummaryBounds): Json<Summary> {
  const live = [...tasks.values()].map(({ task }) => task).filter(({ deletedAt }) => deletedAt === null)
  return printSummary(summarize(live, bounds))
}

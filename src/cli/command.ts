import { CannotStart } from '../config/cannot-start.ts'

/** Runs a small program: what it cannot do is told in lines, and ends it with 1. @param what as in `cannot …` */
export async function command(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const lines = error instanceof CannotStart ? error.lines : [`unexpected ${error instanceof Error ? error.name : typeof error}`]
    for (const line of lines) process.stderr.write(`cannot ${what}: ${line}\n`)
    process.exitCode = 1
  }
}

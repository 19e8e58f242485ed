import type { Span } from '../../application/tracing.ts'
import type { Runner, Session, Statement } from './session.ts'

/** Each statement as a step by its name; one without a name is of a text that was put together for it. */
export function tracedSession(session: Session, span: Span): Session {
  const over = (runner: Runner): Runner => ({
    ...(runner.hasOwner !== undefined && { hasOwner: runner.hasOwner }),
    run: (statement, values, waited) => span('statement', nameOf(statement), () => runner.run(statement, values, waited)),
  })
  return {
    ...over(session),
    transaction: (work, isKept, terms) => session.transaction((within) => work(over(within)), isKept, terms),
    isDistributed: () => session.isDistributed(),
  }
}

/** Without what tells its text from others of the name. */
const nameOf = ({ name }: Statement): string => name?.replace(/ \S+$/, '') ?? 'unnamed'

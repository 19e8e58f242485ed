/** What the log keeps of an error. */
export interface DescribedCause {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly table?: string
  readonly constraint?: string
  readonly routine?: string
  readonly at?: readonly string[]
  readonly cause?: DescribedCause
}

const DEPTH = 5
const FRAMES = 12
const MESSAGE = 200

/** The members that say where without saying what: `detail`, `where`, `query` and `parameters` hold people's texts (LOG-02). */
const TELLING = ['code', 'table', 'constraint', 'routine'] as const

/** An error without what it may quote: from PostgreSQL and from JSON.parse alike, texts of tasks come in quotes. */
export function describeCause(cause: unknown, depth = DEPTH): DescribedCause {
  if (!(cause instanceof Error)) return { name: typeof cause, message: 'was thrown, and is no Error' }
  const telling = Object.fromEntries(TELLING.flatMap((name) => textOf(cause, name)))
  const at = framesOf(cause)
  return {
    name: cause.name,
    message: withoutQuotations(cause.message),
    ...telling,
    ...(at.length > 0 && { at }),
    ...(cause.cause !== undefined && depth > 1 && { cause: describeCause(cause.cause, depth - 1) }),
  }
}

function textOf(cause: Error, name: string): [string, string][] {
  const value: unknown = Object.getOwnPropertyDescriptor(cause, name)?.value
  return typeof value === 'string' ? [[name, value.slice(0, MESSAGE)]] : []
}

/** From the first quotation mark to the last: a text in quotes may hold quotes itself. Where only one is left, all that follows goes. */
const withoutQuotations = (message: string): string => message.replace(/["'`“”«»][\s\S]*(["'`“”«»]|$)/, '…').slice(0, MESSAGE)

/** The stack repeats the message, of which a line may look like a frame; so what comes after it is taken, and files only. */
function framesOf(error: Error): string[] {
  const stack = error.stack ?? ''
  const after = stack.lastIndexOf(error.message)
  return stack
    .slice(after < 0 ? 0 : after + error.message.length)
    .split('\n')
    .filter((line) => /^ {4}at \S/.test(line))
    .slice(0, FRAMES)
    .map((line) => line.trim())
}

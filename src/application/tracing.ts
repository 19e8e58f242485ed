import type { Ports } from './ports.ts'

/** Follows work as one step of what is being traced, below the step that it is part of. Names are ours and say nothing of an owner (TRACE-03). */
export type Span = <T>(kind: 'use case' | 'statement', name: string, work: () => Promise<T>) => Promise<T>

export interface Traceable {
  /** Undefined: nobody traces. */
  readonly span?: Span | undefined
}

/** What a whole request is told by. */
export interface TracedRequest {
  readonly status: number
  /** The route's pattern, never the path that was asked for; undefined where no route matched. */
  readonly route: string | undefined
}

/** Whoever traces is told of requests and of their steps. */
export interface Tracing {
  readonly span: Span
  /** @param headers may name the trace that it is part of. @param work is told the trace's id: 32 hexadecimal digits */
  request(method: string, headers: Readonly<Record<string, string | string[] | undefined>>, work: (trace: string) => Promise<TracedRequest>): Promise<void>
  /** Hands over what is still held here; to be called before the process ends. */
  flush(): Promise<void>
}

/** The use case over its ports, as a step by its own name where somebody traces; else just as it is (TRACE-04). */
export function traced<Asked extends unknown[], Answered>(
  ports: Ports,
  useCase: (ports: Ports) => (...asked: Asked) => Promise<Answered>,
): (...asked: Asked) => Promise<Answered> {
  const { span } = ports
  const run = useCase(ports)
  return span === undefined ? run : (...asked) => span('use case', useCase.name, () => run(...asked))
}

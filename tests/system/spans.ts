import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import {
  type Attributes,
  type AttributeValue,
  type Context,
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  type Tracer,
  trace,
} from '@opentelemetry/api'

/** Loaded with `--import` in an SDK's place: writes each span that ends, as a line of JSON, into the file that `SPANS` names. */
const FILE = process.env['SPANS'] ?? ''

/** What a line tells. */
export interface Told {
  readonly name: string
  readonly trace: string
  readonly id: string
  readonly parent: string | undefined
  readonly attributes: Attributes
  readonly status: number
}

class Recorded implements Span {
  readonly #context: SpanContext
  readonly #parent: string | undefined
  readonly #attributes: Record<string, AttributeValue | undefined>
  #name: string
  #status = 0

  constructor(name: string, { attributes = {} }: SpanOptions, parent: SpanContext | undefined) {
    this.#name = name
    this.#attributes = { ...attributes }
    this.#parent = parent?.spanId
    this.#context = { traceId: parent?.traceId ?? randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex'), traceFlags: 1 }
  }

  spanContext(): SpanContext {
    return this.#context
  }
  setAttribute(name: string, value: AttributeValue): this {
    this.#attributes[name] = value
    return this
  }
  setAttributes(attributes: Attributes): this {
    Object.assign(this.#attributes, attributes)
    return this
  }
  setStatus({ code }: SpanStatus): this {
    this.#status = code
    return this
  }
  updateName(name: string): this {
    this.#name = name
    return this
  }
  addEvent = (): this => this
  addLink = (): this => this
  addLinks = (): this => this
  recordException = (): void => {}
  isRecording = (): boolean => true
  end(): void {
    const { traceId, spanId } = this.#context
    const told: Told = { name: this.#name, trace: traceId, id: spanId, parent: this.#parent, attributes: this.#attributes, status: this.#status }
    appendFileSync(FILE, `${JSON.stringify(told)}\n`)
  }
}

class Recorder implements Tracer {
  startSpan(name: string, options: SpanOptions = {}, parent: Context = context.active()): Span {
    return new Recorded(name, options, trace.getSpanContext(parent))
  }

  startActiveSpan<F extends (span: Span) => ReturnType<F>>(name: string, ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]): ReturnType<F> {
    const [options, parent, work] = rest.length === 1 ? [{}, context.active(), rest[0]] : rest.length === 2 ? [rest[0], context.active(), rest[1]] : rest
    const span = this.startSpan(name, options, parent)
    return context.with(trace.setSpan(parent, span), () => work(span))
  }
}

class Contexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>()
  active = (): Context => this.#storage.getStore() ?? ROOT_CONTEXT
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(active: Context, work: F, self?: ThisParameterType<F>, ...args: A): ReturnType<F> {
    return this.#storage.run(active, () => work.call(self, ...args))
  }
  bind = <T>(_: Context, target: T): T => target
  enable = (): this => this
  disable = (): this => this
}

if (FILE !== '') {
  context.setGlobalContextManager(new Contexts())
  propagation.setGlobalPropagator({
    inject: () => {},
    extract(active, carrier, getter) {
      const [, traceId, spanId] = /^00-(\w{32})-(\w{16})-01$/.exec(String(getter.get(carrier, 'traceparent') ?? '')) ?? []
      return traceId === undefined || spanId === undefined ? active : trace.setSpanContext(active, { traceId, spanId, traceFlags: 1, isRemote: true })
    },
    fields: () => ['traceparent'],
  })
  const sdk = {
    getTracer: () => new Recorder(),
    forceFlush: async (): Promise<void> => appendFileSync(FILE, `${JSON.stringify({ name: 'flushed' })}\n`),
  }
  trace.setGlobalTracerProvider(sdk)
}

import type { Attributes, Span as OpenSpan, SpanStatusCode } from '@opentelemetry/api'
import type { Tracing } from '../../application/tracing.ts'
import { Refused } from '../../domain/refusal.ts'

/** By the conventions of OpenTelemetry for databases. */
const OF_STATEMENTS: Attributes = { 'db.system.name': 'postgresql' }

/** An SDK makes itself known by a symbol with this in its name. */
const isAnybodyThere = (): boolean => Object.getOwnPropertySymbols(globalThis).some(({ description = '' }) => description.startsWith('opentelemetry.js.api.'))

/** To the SDK that was loaded before us with `--import`; undefined where there is none: then nothing is wrapped, nor is the API loaded (TRACE-04). */
export async function openTracing(): Promise<Tracing | undefined> {
  if (!isAnybodyThere()) return undefined
  const { context, ProxyTracerProvider, propagation, SpanKind, SpanStatusCode, trace } = await import('@opentelemetry/api')
  const provider = trace.getTracerProvider()
  // One that knows figures and no traces leaves the provider in its place that does nothing.
  if (provider instanceof ProxyTracerProvider && provider.getDelegate() === new ProxyTracerProvider().getDelegate()) return undefined
  const tracer = trace.getTracer('taskward')
  const failed = SpanStatusCode.ERROR

  return {
    flush: () => flush(provider),

    async span(kind, name, work) {
      // Work that no request asked for is no part of a trace.
      if (trace.getActiveSpan() === undefined) return work()
      const options = kind === 'statement' ? { kind: SpanKind.CLIENT, attributes: OF_STATEMENTS } : {}
      return tracer.startActiveSpan(kind === 'statement' ? `sql ${name}` : name, options, (span) => followed(span, failed, work))
    },

    request(method, headers, work) {
      const options = { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }
      return tracer.startActiveSpan(method, options, propagation.extract(context.active(), headers), (span) =>
        followed(span, failed, async () => {
          const { status, route } = await work(span.spanContext().traceId)
          if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route)
          span.setAttribute('http.response.status_code', status)
          if (status >= 500) span.setStatus({ code: failed })
        }),
      )
    },
  }
}

/** The SDK holds spans back for some seconds; that it can be asked for them is its own way, not the API's. */
async function flush(provider: object): Promise<void> {
  const sdk: unknown = 'getDelegate' in provider && typeof provider.getDelegate === 'function' ? provider.getDelegate() : provider
  if (typeof sdk === 'object' && sdk !== null && 'forceFlush' in sdk && typeof sdk.forceFlush === 'function') await sdk.forceFlush()
}

/** Ends with the work; what it threw is told by its kind alone, as its text may be anybody's (TRACE-03). */
async function followed<T>(span: OpenSpan, failed: SpanStatusCode, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (fault) {
    // A refusal is an answer like any other.
    if (fault instanceof Refused) span.setAttribute('taskward.refusal', fault.refusal.kind)
    else span.setStatus({ code: failed }).setAttribute('error.type', fault instanceof Error ? fault.name : typeof fault)
    throw fault
  } finally {
    span.end()
  }
}

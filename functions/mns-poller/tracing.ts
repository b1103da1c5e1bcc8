import type { Attributes } from '@opentelemetry/api';

/** Under this key the API keeps what an SDK has registered. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** W3C Trace Context of the span; empty when no tracer is installed. */
export interface TraceParent {
  readonly traceparent?: string;
}

/** Runs `work` in a span. Without an OpenTelemetry SDK it only calls `work`, and the API is not loaded. */
export async function inSpan<T extends { readonly result: string }>(
  name: string,
  attributes: Attributes,
  work: (parent: TraceParent) => Promise<T>,
): Promise<T> {
  if (!(REGISTERED in globalThis)) return work({});
  const { SpanKind, SpanStatusCode, trace } = await import('@opentelemetry/api');
  const tracer = trace.getTracer('mnsoss-face');
  return tracer.startActiveSpan(name, { kind: SpanKind.PRODUCER, attributes }, async (span) => {
    try {
      const { traceId, spanId, traceFlags } = span.spanContext();
      const flags = traceFlags.toString(16).padStart(2, '0');
      const outcome = await work(
        span.isRecording() ? { traceparent: `00-${traceId}-${spanId}-${flags}` } : {},
      );
      span.setAttribute('mnsoss.result', outcome.result);
      if (outcome.result !== 'accepted') span.setStatus({ code: SpanStatusCode.ERROR });
      return outcome;
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

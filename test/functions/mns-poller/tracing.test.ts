import { type Attributes, type Span, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { createBridge } from '../../../functions/mns-poller/bridge.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { aContext, aMessage, sinkOf } from './support.ts';

interface Ended {
  readonly name: string;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

/** What an SDK does with the API: registers a provider whose spans are kept here when they end. */
function registerTracer(): Ended[] {
  const ended: Ended[] = [];
  const startSpan = (name: string, options: { attributes?: Attributes } = {}): Span => {
    const attributes: Attributes = { ...options.attributes };
    let failed = false;
    const span = {
      spanContext: () => ({ traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 }),
      isRecording: () => true,
      setAttribute: (key: string, value: string) => Object.assign(attributes, { [key]: value }) && span,
      setStatus: () => {
        failed = true;
        return span;
      },
      recordException: () => {},
      end: () => void ended.push({ name, attributes, failed }),
    } as unknown as Span;
    return span;
  };
  trace.setGlobalTracerProvider({
    getTracer: () => ({
      startSpan,
      startActiveSpan: (name: string, options: object, work: (span: Span) => unknown) =>
        work(startSpan(name, options)),
    }),
  } as never);
  return ended;
}

afterEach(() => trace.disable());

async function deliverOne(result: 'accepted' | 'retry') {
  const { sink, events } = sinkOf(() => (result === 'accepted' ? { result } : { result, reason: 'busy' }));
  const handle = createBridge({ sink, queueName: 'uploads', clock: manualClock() });
  await handle(aMessage({ messageId: 'A7' }), aContext());
  return events[0]!;
}

describe('inSpan', () => {
  test('a delivery is a span of the installed tracer, and the event contains its id', async () => {
    const ended = registerTracer();

    const event = await deliverOne('accepted');

    expect(event.traceparent).toBe(`00-${TRACE_ID}-${SPAN_ID}-01`);
    expect(ended).toMatchObject([
      {
        name: 'deliver test',
        failed: false,
        attributes: {
          'messaging.system': 'alibaba_mns',
          'messaging.destination.name': 'uploads',
          'messaging.message.id': 'A7',
          'mnsoss.result': 'accepted',
        },
      },
    ]);
  });

  test('a delivery that was not accepted is a failed span', async () => {
    const ended = registerTracer();

    await deliverOne('retry');

    expect(ended).toMatchObject([{ failed: true, attributes: { 'mnsoss.result': 'retry' } }]);
  });

  test('a delivery has no span without a tracer', async () => {
    const event = await deliverOne('accepted');

    expect(event).not.toHaveProperty('traceparent');
  });
});

import { describe, expect, test } from 'vitest';
import { createBridge } from '../../../functions/mns-poller/bridge.ts';
import type { RecordDelivery } from '../../../shared/mns/consumer/index.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import type { Delivery } from '../../../shared/runtime/delivery.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { aContext, aMessage, bodyOf, sinkOf } from './support.ts';

const ACCEPTED: Delivery = { result: 'accepted' };
const keyOf = (subject: string | undefined) => subject?.split('/').pop();

describe('createBridge', () => {
  test('the bridge delivers every record of a message to the sink as a CloudEvent', async () => {
    const { sink, events } = sinkOf(() => ACCEPTED);
    const deliveries: RecordDelivery[] = [];
    const handle = createBridge({ sink, queueName: 'uploads', clock: manualClock() });

    const outcome = await handle(
      aMessage({ messageId: 'A7', dequeueCount: 3, body: bodyOf('one.jpg', 'two.jpg') }),
      aContext(deliveries),
    );

    expect(outcome).toEqual({ result: 'accepted' });
    expect(events.map(({ subject }) => keyOf(subject))).toEqual(['one.jpg', 'two.jpg']);
    expect(events[0]).toMatchObject({
      source: 'acs.oss',
      mnsqueue: 'uploads',
      mnsmessageid: 'A7',
      mnsdequeuecount: 3,
    });
    expect(deliveries.map(({ result }) => result)).toEqual(['accepted', 'accepted']);
  });

  test('the bridge does not deliver an accepted record again with its message', async () => {
    let busy = true;
    const { sink, events } = sinkOf(({ subject }) =>
      busy && keyOf(subject) === 'two.jpg' ? { result: 'retry', reason: 'busy' } : ACCEPTED,
    );
    const handle = createBridge({ sink, queueName: 'uploads', clock: manualClock() });
    const body = bodyOf('one.jpg', 'two.jpg', 'three.jpg');

    const first = await handle(aMessage({ body }), aContext());
    busy = false;
    const second = await handle(aMessage({ body, dequeueCount: 2 }), aContext());

    expect(first).toMatchObject({ result: 'retry', reason: 'busy' });
    expect(second).toEqual({ result: 'accepted' });
    expect(events.map(({ subject }) => keyOf(subject))).toEqual([
      'one.jpg',
      'two.jpg',
      'three.jpg',
      'two.jpg',
    ]);
  });

  test('the bridge delivers no other records when the sink is overloaded', async () => {
    const { sink, events } = sinkOf(() => ({
      result: 'retry',
      reason: '429',
      overloaded: true,
      retryAfterMs: 4_000,
    }));
    const handle = createBridge({ sink, queueName: 'uploads', clock: manualClock() });

    const outcome = await handle(aMessage({ body: bodyOf('one.jpg', 'two.jpg') }), aContext());

    expect(outcome).toMatchObject({ result: 'retry', overloaded: true, retryAfterMs: 4_000 });
    expect(events).toHaveLength(1);
  });

  test('the bridge asks for the longest of several waits', async () => {
    const waits = [1_000, 9_000, 5_000];
    const { sink } = sinkOf(() => ({ result: 'retry', reason: 'busy', retryAfterMs: waits.shift()! }));
    const handle = createBridge({ sink, queueName: 'uploads', clock: manualClock() });

    const outcome = await handle(aMessage({ body: bodyOf('a.jpg', 'b.jpg', 'c.jpg') }), aContext());

    expect(outcome).toMatchObject({ retryAfterMs: 9_000 });
  });

  test('the bridge rejects a message with a rejected record only after the others are accepted', async () => {
    let busy = true;
    const { sink, events } = sinkOf(({ subject }) => {
      if (keyOf(subject) === 'bad.jpg')
        return { result: 'rejected', code: 'SinkRejected', reason: 'HTTP 400' };
      return busy ? { result: 'retry', reason: 'busy' } : ACCEPTED;
    });
    const handle = createBridge({ sink, queueName: 'uploads', clock: manualClock() });
    const body = bodyOf('bad.jpg', 'good.jpg');

    const first = await handle(aMessage({ body }), aContext());
    busy = false;
    const second = await handle(aMessage({ body }), aContext());

    expect(first.result).toBe('retry');
    expect(second).toMatchObject({ result: 'rejected', code: 'SinkRejected' });
    expect(second).toMatchObject({ reason: expect.stringContaining('HTTP 400') });
    expect(events).toHaveLength(3);
  });

  test('the bridge delivers the readable records of a damaged message and rejects the message', async () => {
    const { sink, events } = sinkOf(() => ACCEPTED);
    const handle = createBridge({ sink, queueName: 'uploads', clock: manualClock() });
    const records = JSON.parse(Buffer.from(bodyOf('good.jpg'), 'base64').toString()).events;
    const body = JSON.stringify({ events: [...records, { eventName: 'nonsense' }] });

    const outcome = await handle(aMessage({ body }), aContext());

    expect(events.map(({ subject }) => keyOf(subject))).toEqual(['good.jpg']);
    expect(outcome).toMatchObject({ result: 'rejected', code: 'EnvelopeUnknown' });
  });

  test('the bridge rejects a message that is not an event', async () => {
    const { sink, events } = sinkOf(() => ACCEPTED);

    const outcome = await createBridge({ sink, queueName: 'uploads', clock: manualClock() })(
      aMessage({ body: 'hello' }),
      aContext(),
    );

    expect(outcome).toMatchObject({ result: 'rejected', code: 'EnvelopeUnknown' });
    expect(events).toEqual([]);
  });

  test('the bridge stops between two records when its signal aborts', async () => {
    const stopping = new AbortController();
    const { sink, events } = sinkOf(() => {
      stopping.abort();
      return ACCEPTED;
    });
    const handle = createBridge({ sink, queueName: 'uploads', clock: manualClock() });

    const outcome = await handle(
      aMessage({ body: bodyOf('one.jpg', 'two.jpg') }),
      aContext([], stopping.signal),
    );

    expect(outcome).toMatchObject({ result: 'retry' });
    expect(events).toHaveLength(1);
  });

  test('an error of the sink for one record leaves the other records of the message to be delivered', async () => {
    const { sink, events } = sinkOf(({ subject }) => {
      if (subject?.endsWith('two.jpg')) throw new AppError('CredentialsMissing', 'no credentials');
      return { result: 'accepted' };
    });
    const handle = createBridge({ sink, queueName: 'uploads', clock: manualClock() });

    const delivery = await handle(aMessage({ body: bodyOf('one.jpg', 'two.jpg', 'three.jpg') }), aContext());

    expect(delivery).toMatchObject({ result: 'retry', reason: 'CredentialsMissing: no credentials' });
    expect(events).toHaveLength(3);
  });
});

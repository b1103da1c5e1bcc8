import { CloudEvent } from 'cloudevents';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toCloudEvent } from '../../shared/envelope/cloud-event.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import type { EventSink } from '../../shared/sinks/sink.ts';
import { ossRecord } from '../support/oss-record.ts';

/**
 * What the far side does with the next events, in the words of the port.
 * - `overload` asks to come again after two seconds where it has a way to say so.
 * - `hang` never answers; `break` ends without an answer.
 */
export type FarSide = 'accept' | 'fail' | 'overload' | 'refuse' | 'hang' | 'break';

export interface SinkUnderTest {
  readonly sink: EventSink;
  /** Decides what the far side does from now on. */
  behave(as: FarSide): void;
  /** What has arrived, as the far side reads it. */
  received(): readonly CloudEvent<unknown>[];
  /** The client library keeps the far side's wish to itself. */
  readonly hidesRetryAfter?: boolean;
  close(): Promise<void>;
}

/** What every adapter of `EventSink` promises. */
export function eventSinkContract(name: string, open: () => Promise<SinkUnderTest>): void {
  describe(`${name} as an event sink`, () => {
    let under: SinkUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    const deliver = (event = anEvent(), signal = new AbortController().signal) =>
      under.sink.deliver(event, { signal });

    test(`${name} has a name`, () => {
      expect(under.sink.name).toMatch(/^[\w:./-]+$/);
    });

    test(`${name} delivers an event unchanged, whatever its key`, async () => {
      const event = anEvent('incoming/50% größer/群組 "1".jpg');

      const delivery = await deliver(event);

      expect(delivery).toEqual({ result: 'accepted' });
      const [arrived] = under.received();
      expect(arrived?.data).toEqual(event.data);
      expect(arrived).toMatchObject({
        id: event.id,
        source: event.source,
        type: event.type,
        subject: event.subject,
      });
      expect(Date.parse(arrived?.time ?? '')).toBe(Date.parse(event.time ?? ''));
      expect(String(arrived?.mnsdequeuecount)).toBe('3');
    });

    test(`${name} delivers many events at the same time`, async () => {
      const keys = Array.from({ length: 20 }, (_, index) => `incoming/${index}.jpg`);

      const deliveries = await Promise.all(keys.map((key) => deliver(anEvent(key))));

      expect(deliveries).toEqual(keys.map(() => ({ result: 'accepted' })));
      expect(new Set(under.received().map(({ subject }) => subject)).size).toBe(20);
    });

    test(`${name} retries an event that failed`, async () => {
      under.behave('fail');

      const delivery = await deliver();

      expect(delivery).toEqual({ result: 'retry', reason: expect.stringMatching(/./) });
    });

    test(`${name} retries an event later when there were too many`, async () => {
      under.behave('overload');

      const delivery = await deliver();

      expect(delivery).toEqual({
        result: 'retry',
        reason: expect.stringMatching(/./),
        overloaded: true,
        ...(!under.hidesRetryAfter && { retryAfterMs: 2000 }),
      });
    });

    test(`${name} rejects an event that is refused, with a code`, async () => {
      under.behave('refuse');

      const delivery = await deliver();

      expect(delivery).toMatchObject({ result: 'rejected', code: expect.stringMatching(/^[A-Z]/) });
    });

    test(`${name} retries an event when the other side broke`, async () => {
      under.behave('break');

      const delivery = await deliver();

      expect(delivery).toEqual({ result: 'retry', reason: expect.stringMatching(/./) });
    });

    test(`${name} works again after a failure`, async () => {
      under.behave('break');
      await deliver();
      under.behave('accept');

      const delivery = await deliver();

      expect(delivery).toEqual({ result: 'accepted' });
    });

    test(`${name} returns at once when it is aborted while it waits`, async () => {
      under.behave('hang');
      const stop = new AbortController();
      const delivery = deliver(anEvent(), stop.signal);
      await until(() => under.received().length === 1);

      stop.abort();

      expect(await delivery).toMatchObject({ result: 'retry', reason: expect.stringContaining('Aborted') });
    });

    test(`${name} sends nothing when it has been aborted before`, async () => {
      const delivery = await deliver(anEvent(), AbortSignal.abort());

      expect(delivery).toMatchObject({ result: 'retry', reason: expect.stringContaining('Aborted') });
      expect(under.received()).toEqual([]);
    });
  });
}

export function anEvent(key = 'incoming/team.jpg'): CloudEvent<unknown> {
  const [event] = openEnvelope({ events: [ossRecord({ key })] }).events;
  return toCloudEvent(event!, { mnsdequeuecount: 3 }) as CloudEvent<unknown>;
}

/** Turns of the event loop, not time: the far side is on this machine. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** What a structured body says. */
export function readEvent(json: string): CloudEvent<unknown> {
  return new CloudEvent<unknown>(JSON.parse(json));
}

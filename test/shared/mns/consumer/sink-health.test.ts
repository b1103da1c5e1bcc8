import { describe, expect, test } from 'vitest';
import { createSinkHealth, type SinkHealth } from '../../../../shared/mns/consumer/sink-health.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';

const HOUR_MS = 3_600_000;

function open(concurrency = 2) {
  const clock = manualClock();
  const health = createSinkHealth({ clock, random: () => 0.5, concurrency: () => concurrency });
  const deliveries = new Map<string, number>();
  /** Fails the next delivery of each message. */
  const fail = (...messageIds: string[]) => {
    for (const messageId of messageIds) {
      const dequeueCount = (deliveries.get(messageId) ?? 0) + 1;
      deliveries.set(messageId, dequeueCount);
      health.failed({ messageId, dequeueCount }, false);
    }
  };
  return { clock, health, fail };
}

/** Milliseconds between deliveries that begin as soon as they may, from now on. */
async function pacesOf({ clock, health }: { clock: ReturnType<typeof manualClock>; health: SinkHealth }) {
  const paces: number[] = [];
  for (let probe = 0; probe < 500; probe++) {
    health.began();
    paces.push(Math.round(health.pauseMs()));
    await clock.advance(health.pauseMs());
  }
  return paces;
}

const five = ['a', 'b', 'c', 'd', 'e'];

describe('sink health', () => {
  test('a sink seems down after five failures in a row, and no longer after a success', () => {
    const { health, fail } = open();

    fail('a', 'b', 'c', 'd');
    const before = health.seemsDown();
    fail('e');
    const after = health.seemsDown();
    health.answered();

    expect([before, after, health.seemsDown()]).toEqual([false, true, false]);
  });

  test('a failure counts at once while the sink does not seem down', () => {
    const { health, fail } = open();

    fail('a');

    expect([health.isSpared('a'), health.sparedDeliveries('a')]).toEqual([false, 0]);
  });

  test('a failure while the sink seems down counts as soon as another message succeeds', () => {
    const { health, fail } = open();
    fail(...five);
    const meanwhile = [health.isSpared('e'), health.sparedDeliveries('e')];

    health.answered();

    expect(meanwhile).toEqual([true, 1]);
    expect([health.isSpared('e'), health.sparedDeliveries('e'), health.isSuspect('e')]).toEqual([
      false,
      0,
      true,
    ]);
  });

  test('of several failures of one message without any success only the last counts', () => {
    const { health, fail } = open();
    fail(...five, 'e', 'e');

    health.answered();

    expect(health.sparedDeliveries('e')).toBe(2);
  });

  test('no failure of an outage of more than a minute counts, and nobody is suspected for it', async () => {
    const { clock, health, fail } = open();
    fail(...five);
    await clock.advance(60_000);
    fail('e');

    health.answered();

    expect([health.sparedDeliveries('e'), health.isSuspect('e')]).toEqual([2, false]);
  });

  test('messages that failed while others succeeded never make the sink seem down', () => {
    const { health, fail } = open();
    fail(...five);
    health.answered();

    for (let round = 0; round < 20; round++) fail(...five);

    expect([health.seemsDown(), health.pauseMs(), health.isSpared('e')]).toEqual([false, 0, false]);
  });

  test('an overloaded sink is never held against a message, however often one delivery is tried', () => {
    const { health } = open();

    for (const dequeueCount of [1, 1, 1, 2]) health.failed({ messageId: 'a', dequeueCount }, true);

    expect([health.isSpared('a'), health.sparedDeliveries('a')]).toEqual([true, 2]);
  });

  test('deliveries to a sink that seems down come less and less often, and at least every two seconds', async () => {
    const { clock, health, fail } = open(4);
    fail(...five, 'f', 'g');
    const early = health.pauseMs();
    fail('h');

    const paces = await pacesOf({ clock, health });

    expect(early).toBe(0);
    expect(paces[0]).toBe(5);
    expect(paces.slice(0, 20).reduce((sum, ms) => sum + ms)).toBeLessThan(150);
    expect(paces.at(-1)).toBe(2_000);
    expect(paces).toEqual([...paces].sort((left, right) => left - right));
  });

  test('an hour back or forth in the time of day changes no pause', async () => {
    for (const jump of [-HOUR_MS, HOUR_MS]) {
      const { clock, health, fail } = open(1);
      fail(...five);
      await pacesOf({ clock, health });
      health.began();
      const pause = health.pauseMs();

      clock.jump(jump);

      expect([pause, health.pauseMs()]).toEqual([2_000, 2_000]);
    }
  });

  test('a message that has left is forgotten', () => {
    const { health, fail } = open();
    fail('a');
    health.answered();

    health.forget('a');

    expect([health.hasFailed('a'), health.isSuspect('a')]).toEqual([false, false]);
  });
});

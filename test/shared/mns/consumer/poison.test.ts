import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../../../shared/runtime/delivery.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { DONE, rig } from './support.ts';

/** What a sink does with a message that it never takes. */
const POISONS = {
  'is answered 500 at once': async () => failed(),
  'is answered 500 after as long as a good one takes': async (sleep: Sleep) => {
    await sleep(HANDLED_MS);
    return failed();
  },
  'meets a wrong setting': async () => {
    throw new AppError('AccessDenied', 'GET photos/secret.jpg failed with 403');
  },
} satisfies Record<string, (sleep: Sleep) => Promise<Delivery>>;

type Sleep = (ms: number) => Promise<void>;
const HANDLED_MS = 100;
const GOOD = 300;
const MAX_DEQUEUE_COUNT = 10;

const failed = (): Delivery => ({ result: 'retry', reason: 'HTTP 500' });

interface Course {
  /** Milliseconds from the start until the last good message was handled. */
  readonly goodMs: number;
  /** How often each bad message was tried, by its body. */
  readonly tries: ReadonlyMap<string, number>;
  /** How often each bad message had been received when it became a dead letter. */
  readonly deadAt: readonly number[];
  readonly left: number;
}

/** Runs a consumer on the messages, `bad…` or `good…`, which arrive `gapMs` apart, until a day after the last has passed. */
async function run(
  bodies: readonly string[],
  poison: (sleep: Sleep) => Promise<Delivery>,
  gapMs = 0,
): Promise<Course> {
  const tries = new Map<string, number>();
  let goodAt = 0;
  const world = rig({
    options: { maxDequeueCount: MAX_DEQUEUE_COUNT },
    handle: async ({ body }) => {
      if (body.startsWith('bad')) {
        tries.set(body, (tries.get(body) ?? 0) + 1);
        return poison(world.clock.sleep);
      }
      await world.clock.sleep(HANDLED_MS);
      goodAt = world.clock.monotonic();
      return DONE;
    },
  });
  const { clock, queue, consumer, letters, stored, stop } = world;
  if (gapMs === 0) for (const body of bodies) await queue.send(body);
  const startedAt = clock.monotonic();
  consumer.start();
  for (const body of gapMs === 0 ? [] : bodies) {
    await queue.send(body);
    await clock.advance(gapMs);
  }
  await clock.advance(6 * 3_600_000);
  await stop();
  return {
    goodMs: goodAt - startedAt,
    tries,
    deadAt: letters.map(({ dequeueCount }) => dequeueCount),
    left: await stored(),
  };
}

const named = (kind: 'bad' | 'good', count: number) =>
  Array.from({ length: count }, (_, index) => `${kind} ${index}`);
const alternating = (count: number) =>
  named('bad', count).flatMap((bad, index) => [bad, named('good', count)[index]!]);

describe.each(Object.entries(POISONS))('a message that %s', (_, poison) => {
  test.each([1, 8, 20, 60])(
    '%i of them before 300 good ones cost at most a tenth of the rate',
    async (bad) => {
      const undisturbed = await run([...named('good', GOOD), ...named('good', bad)], poison);

      const { goodMs, deadAt, left } = await run([...named('bad', bad), ...named('good', GOOD)], poison);

      expect(goodMs).toBeLessThanOrEqual(undisturbed.goodMs / 0.9);
      expect(deadAt).toEqual(Array(bad).fill(MAX_DEQUEUE_COUNT));
      expect(left).toBe(0);
    },
  );

  test('every second of 600 waiting messages costs the good ones at most a tenth of the rate', async () => {
    const undisturbed = await run(named('good', 2 * GOOD), poison);

    const { goodMs, deadAt, left } = await run(alternating(GOOD), poison);

    expect(goodMs).toBeLessThanOrEqual(undisturbed.goodMs / 0.9);
    expect(deadAt).toEqual(Array(GOOD).fill(MAX_DEQUEUE_COUNT));
    expect(left).toBe(0);
  });

  test('every second of the messages that arrive four a second delays no good one', async () => {
    const { goodMs, deadAt, left } = await run(alternating(100), poison, 250);

    expect(goodMs).toBeLessThanOrEqual(200 * 250 + 2 * HANDLED_MS);
    expect(deadAt).toEqual(Array(100).fill(MAX_DEQUEUE_COUNT));
    expect(left).toBe(0);
  });
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createWorkqueue,
  type RequeueDecision,
} from '../../../../functions/mnsoss-controller/kubernetes/workqueue.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { seededRandom } from '../../../../shared/runtime/random.ts';

const BACKOFF = { baseMs: 1_000, capMs: 8_000 };

function aQueue(random = () => 0.5) {
  const clock = manualClock();
  const queue = createWorkqueue({ clock, random, workers: 2, backoff: BACKOFF });
  const times: number[] = [];
  const startedAt = clock.now();
  return { clock, queue, times, stamp: () => void times.push(clock.now() - startedAt) };
}

describe('createWorkqueue', () => {
  test('the work queue handles a key once however often it was added, and again when it was added in the meantime', async () => {
    const { clock, queue } = aQueue();
    const done: string[] = [];
    let release = () => {};
    const stop = queue.run(async (key) => {
      done.push(key);
      if (done.length === 1) await new Promise<void>((resolve) => (release = resolve));
      return 'forget';
    });

    for (const key of ['a', 'a', 'a']) queue.add(key);
    await clock.advance(0);
    queue.add('a');
    queue.add('a');
    await clock.advance(0);
    const meanwhile = [...done];
    release();
    await clock.advance(0);
    await stop();

    expect(meanwhile).toEqual(['a']);
    expect(done).toEqual(['a', 'a']);
  });

  test('the work queue retries a key later after each failure, up to the cap, and forgets failures after a success', async () => {
    const { clock, queue, times, stamp } = aQueue();
    let verdict: RequeueDecision = 'failed';
    const stop = queue.run(async () => {
      stamp();
      return verdict;
    });

    queue.add('a');
    await clock.advance(30_000);
    verdict = { after: 10 };
    await clock.advance(8_000);
    verdict = 'failed';
    await clock.advance(1_000);
    await stop();

    // Three quarters of 1, 2, 4, 8, 8, … seconds, as chance is in the middle.
    const gaps = times.map((time, index) => time - (times[index - 1] ?? 0));
    expect(gaps.slice(0, 7)).toEqual([0, 750, 1_500, 3_000, 6_000, 6_000, 6_000]);
    expect(gaps.at(-1)).toBeLessThanOrEqual(750);
    expect(clock.pending()).toBe(0);
  });

  test('the work queue handles a key at once when it is added before it is due', async () => {
    const { clock, queue, times, stamp } = aQueue();
    const stop = queue.run(async () => {
      stamp();
      return { after: 60_000 };
    });

    queue.add('a');
    await clock.advance(5_000);
    queue.add('a');
    await clock.advance(59_000);
    await stop();

    expect(times).toEqual([0, 5_000]);
  });

  test('a stopping work queue waits for running keys and starts no others', async () => {
    const { clock, queue } = aQueue();
    const log: string[] = [];
    let release = () => {};
    const stop = queue.run(async (key) => {
      log.push(`start ${key}`);
      await new Promise<void>((resolve) => (release = resolve));
      log.push(`end ${key}`);
      return 'failed';
    });
    queue.add('a');
    await clock.advance(0);

    const stopped = stop().then(() => log.push('stopped'));
    queue.add('b');
    await clock.advance(0);
    release();
    await stopped;
    await clock.advance(60_000);

    expect(log).toEqual(['start a', 'end a', 'stopped']);
  });

  test('the work queue never handles one key twice at the same time, never more than its workers, and loses none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), ms: fc.nat(50) }), { maxLength: 40 }),
        fc.integer(),
        async (adds, seed) => {
          const clock = manualClock();
          const random = seededRandom(seed);
          const queue = createWorkqueue({ clock, random, workers: 2, backoff: BACKOFF });
          const active: string[] = [];
          const lastStart = new Map<string, number>();
          let order = 0;
          const stop = queue.run(async (key) => {
            expect(active).not.toContain(key);
            active.push(key);
            expect(active.length).toBeLessThanOrEqual(2);
            lastStart.set(key, order++);
            await clock.sleep(random() * 100);
            active.splice(active.indexOf(key), 1);
            return random() < 0.3 ? 'failed' : 'forget';
          });

          const lastAdd = new Map<string, number>();
          for (const { key, ms } of adds) {
            lastAdd.set(key, order++);
            queue.add(key);
            await clock.advance(ms);
          }
          await clock.advance(100_000);
          await stop();

          for (const [key, added] of lastAdd) expect(lastStart.get(key)).toBeGreaterThan(added);
        },
      ),
      { numRuns: 50 },
    );
  });
});

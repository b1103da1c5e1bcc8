import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPacing, type PaceOptions, type Pacing } from '../../../shared/faces/pacing.ts';
import { type Clock, manualClock } from '../../../shared/runtime/clock.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';

const OPERATION = 'RecognizeFace';

function open({ quota = 2, marginMs = 50 }: { quota?: number; marginMs?: number } = {}) {
  const clock = manualClock();
  const pacing = createPacing({ clock, random: seededRandom(1), quota: () => quota, marginMs });
  const sent: number[] = [];
  /** Starts at its turn and gets an answer at once. */
  const send = (options?: PaceOptions) =>
    pacing.run(
      OPERATION,
      async (turn) => {
        await turn();
        sent.push(clock.monotonic());
      },
      options,
    );
  return { clock, pacing, sent, send };
}

async function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: unknown) => error,
  );
}

describe('wait queue', () => {
  test('as many requests as the quota allows start at once, the next ones a second and the margin later', async () => {
    const { clock, sent, send } = open();

    const all = Promise.all(Array.from({ length: 5 }, () => send()));
    await clock.advance(10_000);
    await all;

    expect(sent).toEqual([0, 0, 1050, 1050, 2100]);
    expect(clock.pending()).toBe(0);
  });

  test('a quota below one per second gives longer periods', async () => {
    const { clock, sent, send } = open({ quota: 0.5 });

    const all = Promise.all([send(), send(), send()]);
    await clock.advance(10_000);
    await all;

    expect(sent).toEqual([0, 2050, 4100]);
  });

  test('each operation has its own wait queue', async () => {
    const { clock, pacing } = open({ quota: 1 });
    const turns: string[] = [];
    const send = (operation: string) =>
      pacing.run(operation, async (turn) => {
        await turn();
        turns.push(operation);
      });

    const all = Promise.all([send('DetectFace'), send('SearchFace'), send('DetectFace')]);
    await clock.advance(0);

    expect(turns).toEqual(['DetectFace', 'SearchFace']);
    await clock.advance(2000);
    await all;
  });

  test('no second has more requests than the quota, wherever seconds begin', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 120 }),
        fc.integer({ min: 0, max: 999 }),
        fc.array(
          fc.record({
            gap: fc.nat({ max: 900 }),
            upload: fc.nat({ max: 3000 }),
            way: fc.double({ min: 0, max: 1, noNaN: true }),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        async (quota, marginMs, phase, requests) => {
          const { clock, pacing } = open({ quota, marginMs });
          const arrivals: number[] = [];
          const all: Promise<void>[] = [];

          for (const { gap, upload, way } of requests) {
            await clock.advance(gap);
            all.push(
              pacing.run(OPERATION, async (turn) => {
                await clock.sleep(upload);
                await turn();
                arrivals.push(clock.now() + 40 + way * marginMs);
                await clock.sleep(300);
              }),
            );
          }
          await clock.advance(60_000);
          await Promise.all(all);

          expect(arrivals).toHaveLength(requests.length);
          const perSecond = new Map<number, number>();
          for (const at of arrivals) {
            const second = Math.floor((at - phase) / 1000);
            perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
          }
          expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(quota);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('only the margin of the quota is unused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 60 }),
        async (quota, count) => {
          const { clock, sent, send } = open({ quota });

          const all = Promise.all(Array.from({ length: count }, () => send()));
          await clock.advance(100_000);
          await all;

          expect(sent.at(-1)).toBe((Math.ceil(count / quota) - 1) * 1050);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a request starts at once although time passes between two readings of the clock', async () => {
    const clock = manualClock();
    let readings = 0;
    const passing: Clock = { ...clock, monotonic: () => clock.monotonic() + readings++ / 1000 };
    const pacing = createPacing({ clock: passing, random: seededRandom(1), quota: () => 1000 });

    const sent = settled(pacing.run(OPERATION, (turn) => turn(), { deadline: 1 }));
    await clock.advance(0);

    expect(await Promise.race([sent, 'waiting'])).toBe('done');
  });

  test('an hour back or forth in the time of day changes no turn', async () => {
    for (const jump of [-3_600_000, 3_600_000]) {
      const { clock, send } = open({ quota: 1, marginMs: 0 });
      await send();
      clock.jump(jump);

      const second = settled(send());
      await clock.advance(999);
      const before = await Promise.race([second, 'waiting']);
      await clock.advance(1);

      expect([before, await Promise.race([second, 'waiting'])]).toEqual(['waiting', 'done']);
    }
  });
});

describe('deadline', () => {
  test('a request whose turn comes after its deadline is rejected at once', async () => {
    const { clock, send } = open();
    const line = [send(), send(), send(), send()];

    const refused = await settled(send({ deadline: clock.monotonic() + 2000 }));

    expect(refused).toBeInstanceOf(AppError);
    expect(refused).toMatchObject({
      code: 'Throttled',
      kind: 'throttled',
      details: { operation: OPERATION, refused: true },
      retryAfterMs: 2100,
    });
    await clock.advance(2000);
    await Promise.all(line);
  });

  test('a request starts despite a short deadline when the queue is empty', async () => {
    const { clock, sent, send } = open();

    await send({ deadline: clock.monotonic() - 5000 });

    expect(sent).toEqual([0]);
  });

  test('the times to try again are spread according to the quota', async () => {
    const { clock, send } = open();
    const line = [send(), send()];

    const refused = await Promise.all(
      Array.from({ length: 4 }, () => settled(send({ deadline: clock.monotonic() }))),
    );

    expect(refused.map((error) => (error as AppError).retryAfterMs)).toEqual([1050, 1550, 2050, 2550]);
    await Promise.all(line);
  });

  test('requests that are still uploading count for the deadline', async () => {
    const { clock, pacing, send } = open({ quota: 1 });
    const uploads = Array.from({ length: 3 }, () =>
      pacing.run(OPERATION, async (turn) => {
        await clock.sleep(500);
        await turn();
      }),
    );

    const refused = await settled(send({ deadline: clock.monotonic() + 3000 }));

    expect(refused).toMatchObject({ code: 'Throttled', retryAfterMs: 3150 });
    await clock.advance(5000);
    await Promise.all(uploads);
  });

  test('a request that fails before its turn makes room in the queue', async () => {
    const { clock, pacing, sent, send } = open({ quota: 1 });
    const failing = settled(pacing.run(OPERATION, () => Promise.reject(new Error('upload failed'))));

    await failing;
    await send({ deadline: clock.monotonic() });

    expect(sent).toEqual([0]);
  });

  test('a waiting request is rejected when its turn moves past its deadline', async () => {
    const { clock, pacing, send } = open({ quota: 2 });
    await throttle(pacing);
    const waiting = settled(send({ deadline: clock.monotonic() + 1300 }));
    const late = settled(send({ deadline: clock.monotonic() + 1300 }));

    await clock.advance(1300);

    await expect(waiting).resolves.toBe('done');
    await expect(late).resolves.toMatchObject({ code: 'Throttled', details: { refused: true } });
  });
});

test('an aborted request leaves the queue to the later ones', async () => {
  const { clock, sent, send } = open({ quota: 1 });
  const controller = new AbortController();
  const first = send();
  const second = settled(send({ signal: controller.signal }));
  const third = send();
  await clock.advance(10);

  controller.abort();
  await clock.advance(2000);

  await expect(second).resolves.toMatchObject({ code: 'Aborted' });
  await Promise.all([first, third]);
  expect(sent).toEqual([0, 1050]);
  expect(clock.pending()).toBe(0);
});

async function throttle(pacing: Pacing): Promise<void> {
  const refused = pacing.run(OPERATION, async (turn) => {
    await turn();
    throw new AppError('Throttled', 'the service is full');
  });
  await settled(refused);
}

describe('rate', () => {
  test('the rate halves when the service throttles, and the queue pauses for a second', async () => {
    const { clock, pacing, sent, send } = open({ quota: 4 });

    await throttle(pacing);
    const all = Promise.all([send(), send(), send()]);
    await clock.advance(1000);
    const duringPause = sent.length;
    await clock.advance(5000);
    await all;

    expect(pacing.rate(OPERATION)).toBe(2);
    expect(duringPause).toBe(0);
    expect(sent[1]).toBe(sent[0]);
    expect(sent[2]).toBe(sent[0]! + 1050);
  });

  test('the rate halves once for requests that started together', async () => {
    const { pacing } = open({ quota: 8 });

    await Promise.all([throttle(pacing), throttle(pacing), throttle(pacing)]);

    expect(pacing.rate(OPERATION)).toBe(4);
  });

  test('the old rate is tried again soon after one refusal', async () => {
    const { clock, pacing, send } = open({ quota: 2 });
    await throttle(pacing);

    await clock.advance(4900);
    await send();
    const soon = pacing.rate(OPERATION);
    await clock.advance(1050);
    await send();

    expect([soon, pacing.rate(OPERATION)]).toEqual([1, 2]);
  });

  test('the rate rises by one after a time without refusals, up to the quota', async () => {
    const { clock, pacing, send } = open({ quota: 4 });
    await throttle(pacing);
    const rates: number[] = [];

    for (let i = 0; i < 4; i++) {
      await clock.advance(30_000);
      await send();
      rates.push(pacing.rate(OPERATION));
    }

    expect(rates).toEqual([3, 4, 4, 4]);
  });

  test('the rate falls back when a higher one is refused, which is tried again later', async () => {
    const { clock, pacing, send } = open({ quota: 4 });
    await throttle(pacing);
    await clock.advance(30_000);
    await send();
    const tried = pacing.rate(OPERATION);
    await clock.advance(2000);
    await throttle(pacing);
    const fallen = pacing.rate(OPERATION);

    await clock.advance(31_000);
    await send();
    const patient = pacing.rate(OPERATION);
    await clock.advance(30_000);
    await send();

    expect([tried, fallen, patient, pacing.rate(OPERATION)]).toEqual([3, 2, 2, 3]);
  });

  test('the rate can be below one per second, but never 0', async () => {
    const { clock, pacing } = open({ quota: 1 });
    const rates: number[] = [];

    for (let i = 0; i < 6; i++) {
      const refused = throttle(pacing);
      await clock.advance(30_000);
      await refused;
      rates.push(pacing.rate(OPERATION));
    }

    expect(rates).toEqual([0.5, 0.25, 0.125, 0.0625, 0.0625, 0.0625]);
  });

  test('other failures do not lower the rate', async () => {
    const { pacing } = open();

    await settled(
      pacing.run(OPERATION, async (turn) => {
        await turn();
        throw new AppError('ServiceUnavailable', 'down');
      }),
    );

    expect(pacing.rate(OPERATION)).toBe(2);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPlaces, type Places } from '../../../../shared/faces/pictures/places.ts';

const LIMITS = { maxWaiting: 2, retryAfterMs: 700 };

/** Work that ends when it is told to, and says where it ran. */
function work() {
  let end!: (error?: Error) => void;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve());
  });
  // Its end may come before its beginning.
  ended.catch(() => undefined);
  return {
    end,
    on: async (place: string) => {
      await ended;
      return place;
    },
  };
}

/** Takes a place for the time of the work. */
async function onPlace<R>(
  places: Places<string>,
  on: (place: string) => Promise<R>,
  signal?: AbortSignal,
): Promise<R> {
  const { item, release } = await places.take(signal);
  return on(item).finally(release);
}

test('each user has a place of its own, and the next in line gets the first that is free', async () => {
  const places = createPlaces(['a', 'b'], LIMITS);
  const [first, second, third, fourth] = [work(), work(), work(), work()];
  const uses = [first, second, third, fourth].map(({ on }) => onPlace(places, on));

  expect(places.waiting()).toBe(2);
  second.end();
  await uses[1];
  third.end();
  fourth.end();

  expect(await uses[2]).toBe(await uses[1]);
  expect(await uses[3]).toBe(await uses[1]);
  first.end();
  expect(await uses[0]).not.toBe(await uses[1]);
  expect(places.waiting()).toBe(0);
});

test('a user who finds the line full is sent away and told when to come back', async () => {
  const places = createPlaces(['a'], LIMITS);
  const first = work();
  const held = [first, first, first].map(({ on }) => onPlace(places, on));

  const refused = onPlace(places, async () => 'never');

  await expect(refused).rejects.toMatchObject({
    code: 'Throttled',
    retryAfterMs: 700,
    details: { waiting: 2, maxWaiting: 2 },
  });
  first.end();
  await expect(Promise.all(held)).resolves.toEqual(['a', 'a', 'a']);
  await expect(onPlace(places, async (place) => place)).resolves.toBe('a');
});

test('a place is free again after work that failed', async () => {
  const places = createPlaces(['a'], LIMITS);
  const failing = work();
  const failed = onPlace(places, failing.on);
  const waiting = onPlace(places, async (place) => place);

  failing.end(new Error('broken'));

  await expect(failed).rejects.toThrow('broken');
  await expect(waiting).resolves.toBe('a');
});

test('a user who stops waiting leaves the line, and the others move up', async () => {
  const places = createPlaces(['a'], LIMITS);
  const first = work();
  const impatience = new AbortController();
  const held = onPlace(places, first.on);
  const left = onPlace(places, async () => 'never', impatience.signal);
  const patient = onPlace(places, async (place) => place);

  impatience.abort(new Error('shutting down'));

  await expect(left).rejects.toMatchObject({ code: 'Aborted', cause: { message: 'shutting down' } });
  expect(places.waiting()).toBe(1);
  first.end();
  await held;
  await expect(patient).resolves.toBe('a');
});

test('a user whose signal has fired gets no place', async () => {
  const places = createPlaces(['a'], LIMITS);

  const use = onPlace(places, async () => 'never', AbortSignal.abort());

  await expect(use).rejects.toMatchObject({ code: 'Aborted' });
  await expect(onPlace(places, async (place) => place)).resolves.toBe('a');
});

test('a place that is released twice is free once', async () => {
  const places = createPlaces(['a'], LIMITS);
  const first = await places.take();

  first.release();
  first.release();

  await places.take();
  void places.take();
  expect(places.waiting()).toBe(1);
});

test('a place never has two users, whatever the order of events', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('use' as const) }),
    fc.record({ do: fc.constantFrom('end' as const, 'fail' as const, 'abort' as const), which: fc.nat(30) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { maxLength: 40 }),
      async (size, steps) => {
        const places = createPlaces(
          Array.from({ length: size }, (_, i) => `place ${i}`),
          { maxWaiting: 3, retryAfterMs: 1 },
        );
        const inHand = new Set<string>();
        const users: { work: ReturnType<typeof work>; controller: AbortController; use: Promise<unknown> }[] =
          [];
        for (const act of steps) {
          if (act.do === 'use') {
            const task = work();
            const controller = new AbortController();
            const use = onPlace(
              places,
              async (place) => {
                expect(inHand.has(place)).toBe(false);
                inHand.add(place);
                await task.on(place).finally(() => inHand.delete(place));
              },
              controller.signal,
            );
            use.catch(() => undefined);
            users.push({ work: task, controller, use });
          } else {
            const user = users[act.which % Math.max(1, users.length)];
            if (act.do === 'abort') user?.controller.abort();
            else user?.work.end(act.do === 'fail' ? new Error('broken') : undefined);
          }
          // Lets what follows from the act happen.
          await new Promise(setImmediate);
          expect(inHand.size).toBeLessThanOrEqual(size);
          if (places.waiting() > 0) expect(inHand.size).toBe(size);
        }
        for (const user of users) user.work.end();
        const ends = await Promise.allSettled(users.map(({ use }) => use));
        const reasons = ends.flatMap((end) =>
          end.status === 'rejected' ? [end.reason.code ?? end.reason.message] : [],
        );
        expect(reasons.filter((reason) => !['Throttled', 'Aborted', 'broken'].includes(reason))).toEqual([]);
        expect(places.waiting()).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});

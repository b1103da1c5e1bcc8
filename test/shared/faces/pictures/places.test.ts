import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPlaces } from '../../../../../shared/faces/engines/local/places.ts';

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

test('gives each user a place of its own, and the next in line the first that is free', async () => {
  const places = createPlaces(['a', 'b'], LIMITS);
  const [first, second, third, fourth] = [work(), work(), work(), work()];
  const uses = [first, second, third, fourth].map(({ on }) => places.use(on));

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

test('sends away who finds the line full, and says when to come back', async () => {
  const places = createPlaces(['a'], LIMITS);
  const first = work();
  const held = [first, first, first].map(({ on }) => places.use(on));

  const refused = places.use(async () => 'never');

  await expect(refused).rejects.toMatchObject({
    code: 'Throttled',
    retryAfterMs: 700,
    details: { waiting: 2, maxWaiting: 2 },
  });
  first.end();
  await expect(Promise.all(held)).resolves.toEqual(['a', 'a', 'a']);
  await expect(places.use(async (place) => place)).resolves.toBe('a');
});

test('gives a place back when the work fails', async () => {
  const places = createPlaces(['a'], LIMITS);
  const failing = work();
  const failed = places.use(failing.on);
  const waiting = places.use(async (place) => place);

  failing.end(new Error('broken'));

  await expect(failed).rejects.toThrow('broken');
  await expect(waiting).resolves.toBe('a');
});

test('who stops waiting leaves the line, and the others move up', async () => {
  const places = createPlaces(['a'], LIMITS);
  const first = work();
  const impatience = new AbortController();
  const held = places.use(first.on);
  const left = places.use(async () => 'never', impatience.signal);
  const patient = places.use(async (place) => place);

  impatience.abort(new Error('shutting down'));

  await expect(left).rejects.toMatchObject({ code: 'Aborted', cause: { message: 'shutting down' } });
  expect(places.waiting()).toBe(1);
  first.end();
  await held;
  await expect(patient).resolves.toBe('a');
});

test('who comes with a signal that has ended is not let in', async () => {
  const places = createPlaces(['a'], LIMITS);

  const use = places.use(async () => 'never', AbortSignal.abort());

  await expect(use).rejects.toMatchObject({ code: 'Aborted' });
  await expect(places.use(async (place) => place)).resolves.toBe('a');
});

test('never has a place in two hands, whatever the order of events', async () => {
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
            const use = places.use(async (place) => {
              expect(inHand.has(place)).toBe(false);
              inHand.add(place);
              await task.on(place).finally(() => inHand.delete(place));
            }, controller.signal);
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

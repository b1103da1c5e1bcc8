import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createResourcePool, type ResourcePool } from '../../../../shared/faces/pictures/resource-pool.ts';

const LIMITS = { maxWaiting: 2, retryAfterMs: 700 };

/** Work that ends on demand and returns the resource it used. */
function work() {
  let end!: (error?: Error) => void;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve());
  });
  // The work may fail before anybody awaits it.
  ended.catch(() => undefined);
  return {
    end,
    on: async (resource: string) => {
      await ended;
      return resource;
    },
  };
}

/** Holds a resource until the work has ended. */
async function use<R>(
  pool: ResourcePool<string>,
  on: (resource: string) => Promise<R>,
  signal?: AbortSignal,
): Promise<R> {
  const { resource, release } = await pool.acquire(signal);
  return on(resource).finally(release);
}

test('each caller gets a resource of its own, and the next in the queue gets the first that is free', async () => {
  const pool = createResourcePool(['a', 'b'], LIMITS);
  const [first, second, third, fourth] = [work(), work(), work(), work()];
  const uses = [first, second, third, fourth].map(({ on }) => use(pool, on));

  expect(pool.waiting()).toBe(2);
  second.end();
  await uses[1];
  third.end();
  fourth.end();

  expect(await uses[2]).toBe(await uses[1]);
  expect(await uses[3]).toBe(await uses[1]);
  first.end();
  expect(await uses[0]).not.toBe(await uses[1]);
  expect(pool.waiting()).toBe(0);
});

test('a caller that finds the wait queue full is rejected as throttled, with the time to try again', async () => {
  const pool = createResourcePool(['a'], LIMITS);
  const first = work();
  const uses = [first, first, first].map(({ on }) => use(pool, on));

  const refused = use(pool, async () => 'never');

  await expect(refused).rejects.toMatchObject({
    code: 'Throttled',
    retryAfterMs: 700,
    details: { waiting: 2, maxWaiting: 2 },
  });
  first.end();
  await expect(Promise.all(uses)).resolves.toEqual(['a', 'a', 'a']);
  await expect(use(pool, async (resource) => resource)).resolves.toBe('a');
});

test('a resource is released when the work fails', async () => {
  const pool = createResourcePool(['a'], LIMITS);
  const failing = work();
  const failed = use(pool, failing.on);
  const waiting = use(pool, async (resource) => resource);

  failing.end(new Error('broken'));

  await expect(failed).rejects.toThrow('broken');
  await expect(waiting).resolves.toBe('a');
});

test('a caller whose signal fires leaves the wait queue, and the others move up', async () => {
  const pool = createResourcePool(['a'], LIMITS);
  const first = work();
  const controller = new AbortController();
  const holding = use(pool, first.on);
  const left = use(pool, async () => 'never', controller.signal);
  const patient = use(pool, async (resource) => resource);

  controller.abort(new Error('shutting down'));

  await expect(left).rejects.toMatchObject({ code: 'Aborted', cause: { message: 'shutting down' } });
  expect(pool.waiting()).toBe(1);
  first.end();
  await holding;
  await expect(patient).resolves.toBe('a');
});

test('a caller whose signal has fired before gets no resource', async () => {
  const pool = createResourcePool(['a'], LIMITS);

  const refused = use(pool, async () => 'never', AbortSignal.abort());

  await expect(refused).rejects.toMatchObject({ code: 'Aborted' });
  await expect(use(pool, async (resource) => resource)).resolves.toBe('a');
});

test('a lease that is released twice returns its resource once', async () => {
  const pool = createResourcePool(['a'], LIMITS);
  const first = await pool.acquire();

  first.release();
  first.release();

  await pool.acquire();
  void pool.acquire();
  expect(pool.waiting()).toBe(1);
});

test('no resource is used by two callers at once, whatever the order of events', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('use' as const) }),
    fc.record({ do: fc.constantFrom('end' as const, 'fail' as const, 'abort' as const), which: fc.nat(30) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { maxLength: 40 }),
      async (size, steps) => {
        const pool = createResourcePool(
          Array.from({ length: size }, (_, i) => `resource ${i}`),
          { maxWaiting: 3, retryAfterMs: 1 },
        );
        const inUse = new Set<string>();
        const users: {
          work: ReturnType<typeof work>;
          controller: AbortController;
          running: Promise<unknown>;
        }[] = [];
        for (const step of steps) {
          if (step.do === 'use') {
            const task = work();
            const controller = new AbortController();
            const running = use(
              pool,
              async (resource) => {
                expect(inUse.has(resource)).toBe(false);
                inUse.add(resource);
                await task.on(resource).finally(() => inUse.delete(resource));
              },
              controller.signal,
            );
            running.catch(() => undefined);
            users.push({ work: task, controller, running });
          } else {
            const user = users[step.which % Math.max(1, users.length)];
            if (step.do === 'abort') user?.controller.abort();
            else user?.work.end(step.do === 'fail' ? new Error('broken') : undefined);
          }
          // Let the consequences of the step happen.
          await new Promise(setImmediate);
          expect(inUse.size).toBeLessThanOrEqual(size);
          if (pool.waiting() > 0) expect(inUse.size).toBe(size);
        }
        for (const user of users) user.work.end();
        const ends = await Promise.allSettled(users.map(({ running }) => running));
        const reasons = ends.flatMap((end) =>
          end.status === 'rejected' ? [end.reason.code ?? end.reason.message] : [],
        );
        expect(reasons.filter((reason) => !['Throttled', 'Aborted', 'broken'].includes(reason))).toEqual([]);
        expect(pool.waiting()).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});

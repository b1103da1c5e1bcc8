import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryBudget, type MemoryShare } from '../../../../shared/faces/pictures/budget.ts';

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.finally(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
}

test('a picture waits until its share is free', async () => {
  const budget = createMemoryBudget(100);
  const first = await budget.take(70);
  const second = budget.take(40);
  expect(await isSettled(second)).toBe(false);

  first.release();

  expect(await isSettled(second)).toBe(true);
});

test('a share that is shrunk makes room for the next picture', async () => {
  const budget = createMemoryBudget(100);
  const first = await budget.take(70);
  const second = budget.take(40);

  first.shrink(60);

  expect(await isSettled(second)).toBe(true);
});

test('a small picture does not overtake a large one that waits', async () => {
  const budget = createMemoryBudget(100);
  const first = await budget.take(50);
  const large = budget.take(80);
  const small = budget.take(10);
  expect(await isSettled(small)).toBe(false);

  first.release();

  expect(await isSettled(large)).toBe(true);
  expect(await isSettled(small)).toBe(true);
});

test('more than there is counts as all of it', async () => {
  const budget = createMemoryBudget(100);

  const all = await budget.take(1000);
  const next = budget.take(1);

  expect(await isSettled(next)).toBe(false);
  all.release();
  expect(await isSettled(next)).toBe(true);
});

test('a picture that is stopped leaves the line, and those behind it move up', async () => {
  const budget = createMemoryBudget(100);
  await budget.take(50);
  const stop = new AbortController();
  const large = budget.take(80, stop.signal);
  const small = budget.take(10);

  stop.abort(new Error('too late'));

  await expect(large).rejects.toMatchObject({ code: 'Aborted', cause: { message: 'too late' } });
  expect(await isSettled(small)).toBe(true);
});

test('shares never add up to more than the budget, and everybody is served in the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 150 }), shrinkTo: fc.nat(150) }), {
        maxLength: 20,
      }),
      async (pictures) => {
        const budget = createMemoryBudget(100);
        let held = 0;
        let served = 0;
        const use = async ({ bytes, shrinkTo }: { bytes: number; shrinkTo: number }) => {
          const share: MemoryShare = await budget.take(bytes);
          const own = Math.min(bytes, 100);
          held += own;
          expect(held).toBeLessThanOrEqual(100);
          await new Promise(setImmediate);
          held -= Math.max(0, own - shrinkTo);
          share.shrink(shrinkTo);
          await new Promise(setImmediate);
          held -= Math.min(own, shrinkTo);
          share.release();
          share.release();
          served++;
        };

        await Promise.all(pictures.map(use));

        expect(served).toBe(pictures.length);
        expect(held).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});

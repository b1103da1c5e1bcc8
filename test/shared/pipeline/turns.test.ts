import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTurns } from '../../../shared/pipeline/turns.ts';

test('turns of one name never overlap and keep their order; another name does not wait for them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 }),
      async (scheduler, names) => {
        const turns = createTurns();
        const running = new Set<string>();
        const order: Record<string, number[]> = { a: [], b: [], c: [] };

        const holders = names.map(async (name, index) => {
          const end = await turns.take(name);
          expect(running.has(name)).toBe(false);
          running.add(name);
          await scheduler.schedule(Promise.resolve());
          running.delete(name);
          order[name]!.push(index);
          end();
        });
        await scheduler.waitFor(Promise.all(holders));

        for (const name of ['a', 'b', 'c']) {
          expect(order[name]).toEqual(names.flatMap((other, index) => (other === name ? [index] : [])));
        }
      },
    ),
  );
});

test('a turn that is taken while another one waits comes after both', async () => {
  const turns = createTurns();
  const order: string[] = [];
  const endFirst = await turns.take('a');
  const second = turns.take('a');
  endFirst();
  const endSecond = await second;

  const third = turns.take('a').then(() => order.push('third'));
  await new Promise(setImmediate);
  order.push('second ends');
  endSecond();
  await third;

  expect(order).toEqual(['second ends', 'third']);
});

test('a turn of another name begins while the first one lasts', async () => {
  const turns = createTurns();
  await turns.take('a');

  const end = await turns.take('b');

  expect(end).toBeTypeOf('function');
});

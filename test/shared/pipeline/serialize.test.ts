import fc from 'fast-check';
import { expect, it } from 'vitest';
import { serialize } from '../../../shared/pipeline/serialize.ts';

it('never runs two works of one name at once, keeps their order, and outlives failures', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), fails: fc.boolean() }), { maxLength: 12 }),
      async (scheduler, works) => {
        const run = serialize();
        const running = new Set<string>();
        const order: Record<string, number[]> = { a: [], b: [], c: [] };

        const results = works.map(({ name, fails }, index) =>
          run(name, async () => {
            expect(running.has(name)).toBe(false);
            running.add(name);
            await scheduler.schedule(Promise.resolve());
            running.delete(name);
            order[name]!.push(index);
            if (fails) throw new Error('planned');
          }),
        );
        const settled = Promise.allSettled(results);
        await scheduler.waitFor(settled);

        const outcomes = (await settled).map(({ status }) => status);
        expect(outcomes).toEqual(works.map(({ fails }) => (fails ? 'rejected' : 'fulfilled')));
        for (const indexes of Object.values(order))
          expect(indexes).toEqual([...indexes].sort((x, y) => x - y));
      },
    ),
  );
});

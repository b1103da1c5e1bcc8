import { expect, test } from 'vitest';
import { once } from '../../../../shared/pipeline/compose/once.ts';

test('once opens at the first get and returns the same resource to every caller', async () => {
  let opened = 0;
  const resource = once(async () => ++opened);

  expect(resource.opened()).toBeUndefined();
  expect(await Promise.all([resource.get(), resource.get()])).toEqual([1, 1]);
  expect(await resource.opened()).toBe(1);
});

test('once keeps no failure: the next get opens again', async () => {
  let attempts = 0;
  const resource = once(async () => {
    if (++attempts === 1) throw new Error('planned');
    return attempts;
  });

  await expect(resource.get()).rejects.toThrow('planned');

  expect(resource.opened()).toBeUndefined();
  expect(await resource.get()).toBe(2);
});

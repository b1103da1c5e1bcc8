import { expect, test } from 'vitest';
import { pictureBudget, suitableWorkers } from '../../../../shared/faces/pictures/capacity.ts';
import { DEFAULT_IMAGE_BOUNDS, MEGABYTE } from '../../../../shared/images/image.ts';

const GB = 1024 * MEGABYTE;

test.each([
  ['a laptop', { cores: 4, memoryBytes: 16 * GB }, 4],
  ['two cores', { cores: 2, memoryBytes: 4 * GB }, 2],
  ['one core', { cores: 1, memoryBytes: 4 * GB }, 1],
  ['half a core', { cores: 0.5, memoryBytes: 4 * GB }, 1],
  ['a large server', { cores: 64, memoryBytes: 256 * GB }, 8],
  ['the container of knative/', { cores: 2, memoryBytes: 1.5 * GB }, 2],
  ['a function of Function Compute', { cores: 2, memoryBytes: 1 * GB }, 1],
  ['hardly any memory', { cores: 4, memoryBytes: 0.125 * GB }, 1],
])('%s gets the processes that fit beside the largest picture', (_, capacity, workers) => {
  expect(suitableWorkers(capacity)).toBe(workers);
});

test.each([
  ['two processes in 1536 MB', 1.5 * GB, 2],
  ['one process in 1024 MB', 1 * GB, 1],
])('%s leave a budget in which the largest picture fits', (_, memoryBytes, workers) => {
  expect(pictureBudget({ memoryBytes }, workers)).toBeGreaterThanOrEqual(
    DEFAULT_IMAGE_BOUNDS.maxPictureMb * MEGABYTE,
  );
});

test('a machine without memory to spare still has a budget for a photo', () => {
  expect(pictureBudget({ memoryBytes: 0.25 * GB }, 1)).toBe(64 * MEGABYTE);
});

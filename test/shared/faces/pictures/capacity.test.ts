import { expect, test } from 'vitest';
import { suitableWorkers } from '../../../../../shared/faces/engines/local/workers.ts';

const GB = 1024 ** 3;

test.each([
  ['a laptop', { cores: 4, memoryBytes: 16 * GB }, 4],
  ['two cores', { cores: 2, memoryBytes: 4 * GB }, 2],
  ['one core', { cores: 1, memoryBytes: 4 * GB }, 0],
  ['a part of a second core', { cores: 1.5, memoryBytes: 4 * GB }, 0],
  ['a large server', { cores: 64, memoryBytes: 256 * GB }, 8],
  ['little memory', { cores: 8, memoryBytes: 0.75 * GB }, 4],
  ['hardly any memory', { cores: 4, memoryBytes: 0.125 * GB }, 0],
])('suits %s', (_, capacity, workers) => {
  expect(suitableWorkers(capacity)).toBe(workers);
});

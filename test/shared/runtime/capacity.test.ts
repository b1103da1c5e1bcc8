import { availableParallelism, totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { readCapacity, readCpuQuota } from '../../../shared/runtime/capacity.ts';

const files = (contents: Record<string, string>) => (path: string) => contents[path];

test.each([
  ['half a core, version 2', { 'cpu.max': '50000 100000' }, 0.5],
  ['three cores, version 2', { 'cpu.max': '300000 100000' }, 3],
  ['no quota, version 2', { 'cpu.max': 'max 100000' }, Number.POSITIVE_INFINITY],
  ['two cores, version 1', { 'cpu/cpu.cfs_quota_us': '200000', 'cpu/cpu.cfs_period_us': '100000' }, 2],
  [
    'no quota, version 1',
    { 'cpu/cpu.cfs_quota_us': '-1', 'cpu/cpu.cfs_period_us': '100000' },
    Number.POSITIVE_INFINITY,
  ],
  ['no control groups', {}, Number.POSITIVE_INFINITY],
])('readCpuQuota reads the quota of a control group: %s', (_, contents, cores) => {
  expect(readCpuQuota(files(contents))).toBe(cores);
});

test('readCapacity never returns more than the machine has', () => {
  const { cores, memoryBytes } = readCapacity();

  expect(cores).toBeGreaterThan(0);
  expect(cores).toBeLessThanOrEqual(availableParallelism());
  expect(memoryBytes).toBeGreaterThan(64 * 1024 * 1024);
  expect(memoryBytes).toBeLessThanOrEqual(totalmem());
});

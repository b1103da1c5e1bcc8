import { expect, test } from 'vitest';
import type { Usage } from '../../../../shared/faces/pictures/usage.ts';
import { type Excess, watchUsage } from '../../../../shared/faces/pictures/watch.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';

const LIMITS = { processorMs: 1000, memoryBytes: 500 };

/** A process that uses what the test says, watched by a clock that the test moves. */
function watched(usage: { processorMs: number; residentBytes: number } | undefined) {
  const clock = manualClock();
  const excesses: Excess[] = [];
  const stop = watchUsage(
    (): Usage | undefined => usage && { ...usage },
    LIMITS,
    clock,
    (excess) => excesses.push(excess),
  );
  return { clock, excesses, stop };
}

test('a process is told off for what it used since the call began, not before', async () => {
  const usage = { processorMs: 90_000, residentBytes: 0 };
  const { clock, excesses } = watched(usage);

  usage.processorMs += 1000;
  await clock.advance(200);
  const within = [...excesses];
  usage.processorMs += 1;
  await clock.advance(50);

  expect(within).toEqual([]);
  expect(excesses).toEqual(['processor']);
  expect(clock.pending()).toBe(0);
});

test('memory beyond the limit is an excess', async () => {
  const usage = { processorMs: 0, residentBytes: 2000 };
  const { clock, excesses } = watched(usage);

  usage.residentBytes = 2501;
  await clock.advance(50);

  expect(excesses).toEqual(['memory']);
});

test('a process that does nothing for thirty times its limit is silent', async () => {
  const { clock, excesses } = watched({ processorMs: 0, residentBytes: 0 });

  await clock.advance(30_000);
  const before = [...excesses];
  await clock.advance(100);

  expect(before).toEqual([]);
  expect(excesses).toEqual(['silence']);
});

test('a process whose use cannot be read is only ended for silence', async () => {
  const { clock, excesses } = watched(undefined);

  await clock.advance(29_000);
  expect(excesses).toEqual([]);
  await clock.advance(2000);

  expect(excesses).toEqual(['silence']);
});

test('a watch that is stopped looks no more', async () => {
  const usage = { processorMs: 0, residentBytes: 0 };
  const { clock, excesses, stop } = watched(usage);

  stop();
  usage.processorMs = 5000;
  await clock.advance(1000);

  expect(excesses).toEqual([]);
  expect(clock.pending()).toBe(0);
});

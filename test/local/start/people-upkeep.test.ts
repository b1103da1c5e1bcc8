import { expect, test } from 'vitest';
import { startPeopleUpkeep } from '../../../local/start/people-upkeep.ts';
import { createFactStore } from '../../../shared/people/fact-store.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

function setUp(outcomes: (AppError | undefined)[] = []) {
  const clock = manualClock();
  let ids = 0;
  const newId = () => String(ids++);
  const facts = createFactStore({ store: createMemoryStore({ clock }), prefix: 'facts/', clock, newId });
  let applied = 0;
  const apply = async () => {
    applied++;
    const error = outcomes.shift();
    if (error) throw error;
  };
  const upkeep = startPeopleUpkeep({ facts, apply, clock, logger: silentLogger });
  return { clock, facts, upkeep, applied: () => applied };
}

test('names are written at the start, after each fact and after each picture, and not otherwise', async () => {
  const { clock, facts, upkeep, applied } = setUp();
  const counts: number[] = [];
  const pass = async () => {
    await clock.advance(5000);
    counts.push(applied());
  };

  await pass();
  await facts.state([{ kind: 'hide', sighting: 'a' }]);
  await pass();
  upkeep.touch();
  await pass();
  await pass();
  await upkeep.stop();

  expect(counts).toEqual([1, 2, 3, 3]);
});

test('a failed writing of names is tried again at the next look', async () => {
  const { clock, upkeep, applied } = setUp([new AppError('ServiceUnavailable', 'the store is busy')]);

  await clock.advance(1000);
  await clock.advance(1000);
  await upkeep.stop();

  expect(applied()).toBe(2);
});

test('nothing is written after the stop', async () => {
  const { clock, facts, upkeep, applied } = setUp();
  await clock.advance(1000);
  await upkeep.stop();

  await facts.state([{ kind: 'hide', sighting: 'a' }]);
  await clock.advance(10_000);

  expect(applied()).toBe(1);
  expect(clock.pending()).toBe(0);
});

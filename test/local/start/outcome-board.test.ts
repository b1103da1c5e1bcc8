import { expect, test } from 'vitest';
import { createOutcomeBoard } from '../../../local/start/outcome-board.ts';
import type { Outcome } from '../../../shared/pipeline/outcome.ts';
import type { Pipeline } from '../../../shared/pipeline/pipeline.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { anEvent } from '../../support/events.ts';

const OUTCOME: Outcome = { outcome: 'superseded', durations: {} };
const succeed: Pipeline = async () => OUTCOME;

test('the outcome board gives a watcher the outcome of its write, before and after the watcher asks', async () => {
  const board = createOutcomeBoard();
  const process = board.observe(succeed);
  const watch = board.watch('incoming/a.jpg');

  const later = watch.of('R1');
  await process(anEvent({ key: 'incoming/a.jpg', requestId: 'R1' }));
  await process(anEvent({ key: 'incoming/a.jpg', requestId: 'R2' }));

  expect(await later).toBe(OUTCOME);
  expect(await watch.of('R2')).toBe(OUTCOME);
});

test('the outcome board passes outcomes and errors through to the caller', async () => {
  const board = createOutcomeBoard();
  const failing = board.observe(() => Promise.reject(new AppError('NetworkError', 'planned')));

  expect(await board.observe(succeed)(anEvent())).toBe(OUTCOME);
  await expect(failing(anEvent())).rejects.toMatchObject({ code: 'NetworkError' });
});

test('a transient error leaves watchers waiting for the next delivery', async () => {
  const board = createOutcomeBoard();
  const event = anEvent({ requestId: 'R1' });
  const waiting = board.watch(event.key).of('R1');

  await board
    .observe(() => Promise.reject(new AppError('NetworkError', 'planned')))(event)
    .catch(() => {});
  await board.observe(succeed)(event);

  expect(await waiting).toBe(OUTCOME);
});

test('a wrong setting rejects every watcher, of other keys too', async () => {
  const board = createOutcomeBoard();
  const waiting = ['a', 'b'].map((key) => board.watch(key).of('R1'));
  const settled = Promise.allSettled(waiting);

  await board
    .observe(() => Promise.reject(new AppError('NoSuchBucket', 'planned')))(anEvent({ key: 'a' }))
    .catch(() => {});

  expect(await settled).toMatchObject([
    { status: 'rejected', reason: { code: 'NoSuchBucket' } },
    { status: 'rejected', reason: { code: 'NoSuchBucket' } },
  ]);
});

test('every listener of the outcome board hears every outcome', async () => {
  const board = createOutcomeBoard();
  const heard: string[] = [];
  for (const name of ['one', 'two']) board.onOutcome(({ key }) => heard.push(`${name} ${key}`));

  await board.observe(succeed)(anEvent({ key: 'a' }));

  expect(heard).toEqual(['one a', 'two a']);
});

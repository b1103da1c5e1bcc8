import { expect, test } from 'vitest';
import { readText } from '../../../shared/oss/read-text.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

const aStore = () => createMemoryStore({ clock: manualClock() });

test('readText returns the head and the whole text of an object', async () => {
  const store = aStore();
  await store.put('a.txt', Buffer.from('né'));

  expect(await readText(store, 'a.txt')).toMatchObject({ head: { key: 'a.txt', size: 3 }, text: 'né' });
});

test('readText returns undefined for an object that does not exist', async () => {
  expect(await readText(aStore(), 'a.txt')).toBeUndefined();
});

test('readText throws any other error', async () => {
  const get = () => Promise.reject(new AppError('ServiceUnavailable', 'planned'));

  await expect(readText({ ...aStore(), get }, 'a.txt')).rejects.toMatchObject({ code: 'ServiceUnavailable' });
});

test('readText reads with the signal of its caller', async () => {
  const store = aStore();
  await store.put('a.txt', Buffer.from('x'));

  const reading = readText(store, 'a.txt', AbortSignal.abort());

  await expect(reading).rejects.toMatchObject({ code: 'Aborted' });
});

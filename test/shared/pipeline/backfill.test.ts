import { expect, test } from 'vitest';
import { openEnvelope } from '../../../shared/envelope/open-envelope.ts';
import { findBackfill } from '../../../shared/pipeline/backfill.ts';
import { readPipelineOptions } from '../../../shared/pipeline/options.ts';
import { createRecognition } from '../../../shared/pipeline/recognize.ts';
import { aNumberedStore } from '../../support/numbered-store.ts';
import { ANNA, BERTA, peopleFixture } from './people/support.ts';

async function found(
  fixture: ReturnType<typeof peopleFixture>,
  options: { after?: string; engineVersion?: string } = {},
) {
  const items = [];
  const search = findBackfill({
    source: fixture.store,
    results: fixture.store,
    region: 'cn-hangzhou',
    options: fixture.deps.options,
    prefix: 'incoming/',
    ...options,
  });
  for await (const item of search) items.push(item);
  return items;
}

test('objects without a result are found, in key order, also beside results of others', async () => {
  const fixture = peopleFixture();
  const recognize = createRecognition(fixture.deps);
  await fixture.upload('incoming/c.png', ANNA);
  await fixture.upload('incoming/a.png', BERTA);
  await recognize(await fixture.upload('incoming/b.png', BERTA));
  await fixture.upload('elsewhere/d.png', ANNA);

  const items = await found(fixture);

  expect(items.map(({ event, reason }) => [event.key, reason])).toEqual([
    ['incoming/a.png', 'no-result'],
    ['incoming/c.png', 'no-result'],
  ]);
});

test('the event of an object is processed like that of an upload, and then the object is done', async () => {
  const fixture = peopleFixture();
  await fixture.upload('incoming/a.png', ANNA);
  const [item] = await found(fixture);

  const outcome = await createRecognition(fixture.deps)(item!.event);

  expect(outcome).toMatchObject({ outcome: 'processed', faces: 1 });
  expect(await found(fixture)).toEqual([]);
});

test('several records in one message are opened as they were put in', async () => {
  const fixture = peopleFixture();
  for (const name of ['a', 'b']) await fixture.upload(`incoming/${name}.png`, ANNA);
  const items = await found(fixture);

  const { events, faults } = openEnvelope(JSON.stringify({ events: items.map(({ event }) => event.record) }));

  expect(faults).toEqual([]);
  expect(events.map(({ key, requestId }) => [key, requestId])).toEqual(
    items.map(({ event }) => [event.key, event.requestId]),
  );
});

test('results of another version of the engine are found when asked for, with the identity of their write', async () => {
  const fixture = peopleFixture();
  const event = await fixture.upload('incoming/a.png', ANNA);
  await createRecognition(fixture.deps)(event);

  const same = await found(fixture, { engineVersion: fixture.engine.version });
  const other = await found(fixture, { engineVersion: 'fake-2' });

  expect(same).toEqual([]);
  expect(other).toMatchObject([
    { reason: 'older-engine', event: { key: 'incoming/a.png', requestId: event.requestId } },
  ]);
});

test('a search goes on after a key', async () => {
  const fixture = peopleFixture();
  for (const name of ['a', 'b', 'c']) await fixture.upload(`incoming/${name}.png`, ANNA);

  const items = await found(fixture, { after: 'incoming/b.png' });

  expect(items.map(({ event }) => event.key)).toEqual(['incoming/c.png']);
});

test('100,000 objects are searched without reading any of them', async () => {
  const store = aNumberedStore('incoming/', 100_000);
  let count = 0;
  const search = findBackfill({
    source: store,
    results: store,
    region: 'cn-hangzhou',
    options: readPipelineOptions({}),
    prefix: 'incoming/',
  });
  for await (const _ of search) count++;

  expect(count).toBe(100_000);
});

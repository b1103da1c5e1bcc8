import { expect, test } from 'vitest';
import { currentPeople } from '../../../../shared/pipeline/people/apply.ts';
import { createRecognition } from '../../../../shared/pipeline/recognize.ts';
import { anEvent } from '../../../support/events.ts';
import { seenFixture } from './seen-support.ts';
import { ANNA, ANNA_AGAIN, BERTA, type PeopleFixture } from './support.ts';

test('naming a face writes the name to the documents and annotated pictures of exactly its group', async () => {
  const people = seenFixture();
  await people.process('incoming/a.png', ANNA);
  await people.process('incoming/again.png', ANNA_AGAIN);
  await people.process('incoming/b.png', BERTA);
  await people.apply();
  const before = await Promise.all(['incoming/a.png', 'incoming/b.png'].map(people.annotatedOf));

  await people.state({ kind: 'is', sighting: await people.faceIn('incoming/a.png'), person: 'Anna' });
  const { changed } = await people.apply();

  expect(changed).toEqual(['results/incoming/a.png/faces.json', 'results/incoming/again.png/faces.json']);
  expect(await people.matchIn('incoming/a.png')).toMatchObject({ person: 'Anna', level: 'high' });
  expect(await people.matchIn('incoming/again.png')).toMatchObject({ person: 'Anna' });
  expect(await people.matchIn('incoming/b.png')).not.toHaveProperty('person');
  expect(await people.annotatedOf('incoming/a.png')).not.toBe(before[0]);
  expect(await people.annotatedOf('incoming/b.png')).toBe(before[1]);
});

test('a second call reads and writes no document', async () => {
  const people = seenFixture();
  await people.process('incoming/a.png', ANNA);
  await people.state({ kind: 'is', sighting: await people.faceIn('incoming/a.png'), person: 'Anna' });
  await people.apply();

  const { checked, changed } = await people.apply();

  expect({ checked, changed }).toEqual({ checked: 0, changed: [] });
});

test('undoing a name takes it out of the documents again', async () => {
  const people = seenFixture();
  await people.process('incoming/a.png', ANNA);
  const [fact] = await people.state({
    kind: 'is',
    sighting: await people.faceIn('incoming/a.png'),
    person: 'Anna',
  });
  await people.apply();

  await people.state({ kind: 'undo', fact: fact!.id });
  await people.apply();

  expect(await people.matchIn('incoming/a.png')).toEqual({ unknown: true });
});

test('"not this person" takes a name of the gallery away, also when the picture is processed again', async () => {
  const people = seenFixture();
  await people.enrol('Anna', ANNA);
  await people.process('incoming/a.png', ANNA);
  const named = await people.matchIn('incoming/a.png');

  await people.state({ kind: 'not', sighting: await people.faceIn('incoming/a.png'), person: 'Anna' });
  await people.apply();
  const denied = await people.matchIn('incoming/a.png');
  await createRecognition({ ...people.deps, index: people.seen.index })(
    await reuploadEvent(people, 'incoming/a.png'),
    { again: true },
  );
  await people.apply();

  expect(named).toMatchObject({ person: 'Anna' });
  expect(denied).toEqual({ unknown: true });
  expect(await people.matchIn('incoming/a.png')).toEqual({ unknown: true });
});

test('a person enrolled later is named in pictures that were processed before', async () => {
  const people = seenFixture();
  await people.process('incoming/a.png', ANNA);
  await people.apply();

  await people.enrol('Anna', ANNA_AGAIN);
  await people.apply();

  expect(await people.matchIn('incoming/a.png')).toMatchObject({ person: 'Anna' });
});

test('a picture whose image was removed loses its annotated picture, not its document', async () => {
  const people = seenFixture();
  await people.process('incoming/a.png', ANNA);
  await people.store.delete('incoming/a.png');

  await people.state({ kind: 'is', sighting: await people.faceIn('incoming/a.png'), person: 'Anna' });
  await people.apply();

  expect(await people.annotatedOf('incoming/a.png')).toBeUndefined();
  const document = await people.json('results/incoming/a.png/faces.json');
  expect(document.artifacts).toEqual({});
  expect(await people.matchIn('incoming/a.png')).toMatchObject({ person: 'Anna' });
});

test('the faces of a removed picture are in no group', async () => {
  const people = seenFixture();
  await people.process('incoming/a.png', ANNA);
  await people.seen.index.remove({
    bucket: 'photos',
    key: 'incoming/a.png',
    time: people.clock.now() + 1000,
  });

  expect((await currentPeople(people.seen)).groups()).toEqual([]);
});

/** The event of the write that the document describes. */
async function reuploadEvent(people: PeopleFixture, key: string) {
  const { source } = (await people.json(`results/${key}/faces.json`)) as {
    source: { requestId: string; eventTime: string; etag: string; size: number };
  };
  return anEvent({ key, ...source });
}

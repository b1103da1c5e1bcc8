import { expect, test } from 'vitest';
import { encode } from '../../../../shared/faces/index/vectors/codes.ts';
import { currentPeople } from '../../../../shared/pipeline/people/apply.ts';
import { forgetPerson } from '../../../../shared/pipeline/people/forget.ts';
import { forgetSeen } from '../../../../shared/pipeline/people/forget-seen.ts';
import { seenFixture } from './seen-support.ts';
import { ANNA, ANNA_AGAIN, BERTA } from './support.ts';

test('after a person is forgotten no object contains the name, an embedding or a crop', async () => {
  const people = seenFixture();
  await people.enrol('Anna', ANNA);
  await people.process('incoming/again.png', ANNA_AGAIN);
  await people.process('incoming/b.png', BERTA);
  await people.state({ kind: 'is', sighting: await people.faceIn('incoming/again.png'), person: 'Anna' });
  await people.state({ kind: 'not', sighting: await people.faceIn('incoming/b.png'), person: 'Anna' });
  await people.apply();
  const embeddings: Buffer[] = [];
  for await (const { key, embedding } of people.seen.index.all()) {
    if (key === 'incoming/again.png') embeddings.push(Buffer.from(encode(embedding).codes.buffer));
  }
  const holders = async () => {
    const found: string[] = [];
    for (const key of await people.keys()) {
      const bytes = Buffer.concat(await (await people.store.get(key)).body.toArray());
      const crop = /again\.png\/faces\/\d+\.jpg$/.test(key);
      const named = key.includes('Anna') || bytes.includes('Anna');
      if (crop || named || embeddings.some((embedding) => bytes.includes(embedding))) found.push(key);
    }
    return found;
  };
  const before = await holders();

  const own = await forgetSeen('Anna', { seen: people.seen });
  await forgetPerson('Anna', people.forgetting);
  await people.apply();

  expect(embeddings).toHaveLength(1);
  expect(before.length).toBeGreaterThan(5);
  expect(own).toMatchObject({
    sightings: [expect.any(String)],
    facts: [expect.any(String), expect.any(String)],
  });
  expect(await holders()).toEqual([]);
  const left = (await currentPeople(people.seen)).groups().flatMap(({ members }) => members);
  expect(left.map(({ sighting }) => sighting.key)).toEqual(['incoming/b.png']);
});

test('a second run finds nothing left to forget', async () => {
  const people = seenFixture();
  await people.process('incoming/a.png', ANNA);
  await people.state({ kind: 'is', sighting: await people.faceIn('incoming/a.png'), person: 'Anna' });
  await forgetSeen('Anna', { seen: people.seen });

  expect(await forgetSeen('Anna', { seen: people.seen })).toEqual({ sightings: [], facts: [] });
});

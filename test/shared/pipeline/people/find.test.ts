import { beforeEach, describe, expect, test } from 'vitest';
import {
  aYearOfPhotos,
  PARTY,
  PARTY_DOCUMENT,
  type PeopleFixture,
  peopleFixture,
  sightingsOf,
} from './support.ts';

let fixture: PeopleFixture;

beforeEach(() => {
  fixture = peopleFixture();
});

describe('findPerson', () => {
  test('findPerson returns every face in every result', async () => {
    await aYearOfPhotos(fixture);

    expect(await sightingsOf('Anna', fixture)).toEqual([
      {
        bucket: 'photos',
        key: 'incoming/party.jpg',
        document: PARTY_DOCUMENT,
        face: 0,
        confidence: 0.7,
        crop: `${PARTY}/faces/0.jpg`,
      },
    ]);
    expect(await sightingsOf('Clara', fixture)).toEqual([]);
  });

  test('findPerson reads more results than are fetched ahead, in key order', async () => {
    const numbers = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(2, '0'));
    for (const number of numbers) {
      const faces = [{ match: { person: '张伟', confidence: 0.5 } }];
      const document = { source: { bucket: 'photos', key: number }, faces };
      await fixture.store.put(`results/${number}/faces.json`, Buffer.from(JSON.stringify(document)));
    }
    await fixture.store.put('results/x/faces.json', Buffer.from('{"张伟"'));

    expect((await sightingsOf('张伟', fixture)).map(({ key }) => key)).toEqual(numbers);
  });
});

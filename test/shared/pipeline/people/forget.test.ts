import { beforeEach, describe, expect, it } from 'vitest';
import { createEnrolment } from '../../../../shared/pipeline/people/enrol.ts';
import { findPerson } from '../../../../shared/pipeline/people/find.ts';
import { type ForgetDeps, forgetPerson } from '../../../../shared/pipeline/people/forget.ts';
import { renamePerson } from '../../../../shared/pipeline/people/rename.ts';
import { ANNA, ANNA_AGAIN, aHouse, BERTA, CLARA, type House } from './support.ts';

const DOCUMENT = 'results/incoming/party.jpg/faces.json';
const BASE = 'results/incoming/party.jpg';

let house: House;
let parts: ForgetDeps;

beforeEach(() => {
  house = aHouse();
  parts = {
    gallery: house.parts.gallery,
    source: house.store,
    results: house.store,
    peoplePrefix: 'people/',
    resultPrefix: 'results/',
  };
});

/** Anna with two photos, Berta with one that was refused for looking like Anna, and a party both were at. */
async function aYearOfPhotos(): Promise<void> {
  const enrol = createEnrolment(house.parts);
  await enrol(await house.upload('people/Anna/1.jpg', ANNA));
  await enrol(await house.upload('people/Anna/2.jpg', ANNA_AGAIN));
  await enrol(await house.upload('people/Berta/1.jpg', BERTA));
  await enrol(await house.upload('people/Berta/2.jpg', ANNA));
  const box = { x: 0, y: 0, width: 1, height: 1 };
  const document = {
    schemaVersion: 1,
    outcome: 'processed',
    source: { bucket: 'photos', key: 'incoming/party.jpg' },
    faces: [
      { box, match: { person: 'Anna', confidence: 0.7, level: 'high' }, crop: `${BASE}/faces/0.jpg` },
      { box, match: { person: 'Berta', confidence: 0.6, level: 'high' }, crop: `${BASE}/faces/1.jpg` },
      { box, match: { unknown: true } },
    ],
    artifacts: { annotated: `${BASE}/annotated.jpg`, redacted: `${BASE}/redacted.jpg` },
  };
  await house.store.put(DOCUMENT, Buffer.from(JSON.stringify(document)), {
    contentType: 'application/json',
    metadata: { 'request-id': 'PARTY' },
  });
  for (const name of ['faces/0.jpg', 'faces/1.jpg', 'annotated.jpg', 'redacted.jpg']) {
    await house.store.put(`${BASE}/${name}`, Buffer.from('picture'));
  }
}

async function everything(): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>();
  for (const key of await house.keys()) {
    objects.set(key, Buffer.concat(await (await house.store.get(key)).body.toArray()));
  }
  return objects;
}

async function sightingsOf(person: string) {
  const sightings = [];
  for await (const sighting of findPerson(person, parts)) sightings.push(sighting);
  return sightings;
}

describe('finding a person', () => {
  it('gives every face in every result', async () => {
    await aYearOfPhotos();

    expect(await sightingsOf('Anna')).toEqual([
      {
        bucket: 'photos',
        key: 'incoming/party.jpg',
        document: DOCUMENT,
        face: 0,
        confidence: 0.7,
        crop: `${BASE}/faces/0.jpg`,
      },
    ]);
    expect(await sightingsOf('Clara')).toEqual([]);
  });

  it('goes through more results than are fetched ahead, in their order', async () => {
    const numbers = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(2, '0'));
    for (const number of numbers) {
      const faces = [{ match: { person: '张伟', confidence: 0.5 } }];
      const document = { source: { bucket: 'photos', key: number }, faces };
      await house.store.put(`results/${number}/faces.json`, Buffer.from(JSON.stringify(document)));
    }
    await house.store.put('results/x/faces.json', Buffer.from('{"张伟"'));

    expect((await sightingsOf('张伟')).map(({ key }) => key)).toEqual(numbers);
  });
});

describe('forgetting a person', () => {
  it('leaves no trace in any object, and tells what went', async () => {
    await aYearOfPhotos();

    const report = await forgetPerson('Anna', parts);

    expect(report).toMatchObject({
      photos: ['people/Anna/1.jpg', 'people/Anna/2.jpg'],
      records: ['results/people/Anna/1.jpg/enrolment.json', 'results/people/Anna/2.jpg/enrolment.json'],
      matches: [`${DOCUMENT}#0`],
      crops: [`${BASE}/faces/0.jpg`],
      annotated: [`${BASE}/annotated.jpg`],
      mentions: ['results/people/Berta/2.jpg/enrolment.json'],
    });
    expect(report.faces).toHaveLength(2);
    for (const [key, bytes] of await everything()) expect(`${key} ${bytes}`).not.toContain('Anna');
  });

  it('keeps what is about others', async () => {
    await aYearOfPhotos();

    await forgetPerson('Anna', parts);

    expect(await house.json(DOCUMENT)).toMatchObject({
      schemaVersion: 1,
      faces: [
        { match: { unknown: true } },
        { match: { person: 'Berta', confidence: 0.6, level: 'high' }, crop: `${BASE}/faces/1.jpg` },
        { match: { unknown: true } },
      ],
      artifacts: { redacted: `${BASE}/redacted.jpg` },
    });
    expect(await house.store.head(DOCUMENT)).toMatchObject({
      contentType: 'application/json',
      metadata: { 'request-id': 'PARTY' },
    });
    expect(await house.parts.gallery.faces('Berta')).toHaveLength(1);
    expect(await house.keys('results/')).toContain('results/people/Berta/1.jpg/enrolment.json');
  });

  it('finds nothing the second time', async () => {
    await aYearOfPhotos();
    await forgetPerson('Anna', parts);
    const before = await everything();

    expect(await forgetPerson('Anna', parts)).toEqual({
      person: 'Anna',
      faces: [],
      photos: [],
      records: [],
      matches: [],
      crops: [],
      annotated: [],
      mentions: [],
    });
    expect(await everything()).toEqual(before);
  });

  it('that broke off anywhere is finished by the next run', async () => {
    for (let allowed = 0; ; allowed++) {
      house = aHouse();
      await aYearOfPhotos();
      let changes = 0;
      const change =
        <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
        (...args: A): Promise<R> =>
          ++changes > allowed ? Promise.reject(new Error('planned')) : work(...args);
      const breaking = { ...house.store, put: change(house.store.put), delete: change(house.store.delete) };
      parts = { ...parts, gallery: house.parts.gallery };
      const finished = await forgetPerson('Anna', { ...parts, source: breaking, results: breaking }).then(
        () => true,
        () => false,
      );

      await forgetPerson('Anna', { ...parts, source: house.store, results: house.store });

      for (const [key, bytes] of await everything()) expect(`${key} ${bytes}`).not.toContain('Anna');
      if (finished) return expect(allowed).toBeGreaterThan(5);
    }
  });

  it('looks again at a document that was replaced meanwhile', async () => {
    await aYearOfPhotos();
    let replaced = false;
    const racing = {
      ...house.store,
      async head(...args: Parameters<typeof house.store.head>) {
        if (!replaced && args[0] === DOCUMENT) {
          replaced = true;
          const later = { ...(await house.json(DOCUMENT)), later: true };
          await house.store.put(DOCUMENT, Buffer.from(JSON.stringify(later)));
        }
        return house.store.head(...args);
      },
    };

    await forgetPerson('Anna', { ...parts, results: racing });

    expect(await house.json(DOCUMENT)).toMatchObject({
      later: true,
      faces: [{ match: { unknown: true } }, {}, {}],
    });
  });

  it('wants a name', async () => {
    await expect(forgetPerson('', parts)).rejects.toMatchObject({ code: 'PersonNameInvalid' });
  });
});

describe('renaming a person', () => {
  const options = { bucket: 'photos', region: 'cn-hangzhou' };

  it('moves photos, faces and matches', async () => {
    await aYearOfPhotos();

    const report = await renamePerson('Anna', 'Änne', house.parts, options);

    expect(report).toEqual({
      photos: ['people/Änne/1.jpg', 'people/Änne/2.jpg'],
      refused: [],
      documents: [DOCUMENT, 'results/people/Berta/2.jpg/enrolment.json'],
    });
    expect(await house.parts.gallery.faces('Änne')).toHaveLength(2);
    expect(await house.parts.gallery.faces('Anna')).toEqual([]);
    expect(await sightingsOf('Änne')).toMatchObject([{ document: DOCUMENT, face: 0 }]);
    for (const [key, bytes] of await everything()) expect(`${key} ${bytes}`).not.toContain('Anna');
  });

  it('makes two people one, whatever they look like', async () => {
    await aYearOfPhotos();

    const { photos } = await renamePerson('Berta', 'Anna', house.parts, options);

    expect(photos).toEqual(['people/Anna/Berta/1.jpg', 'people/Anna/Berta/2.jpg']);
    expect(await house.parts.gallery.faces('Anna')).toHaveLength(4);
    expect(await house.keys('people/')).toHaveLength(4);
    expect(await house.keys('people/Berta/')).toEqual([]);
  });

  it('is finished by the next run when it broke off', async () => {
    await aYearOfPhotos();
    const breaking = { ...house.store, delete: () => Promise.reject(new Error('planned')) };
    await expect(
      renamePerson('Anna', 'Clara', { ...house.parts, openBucket: () => breaking }, options),
    ).rejects.toThrow('planned');

    await renamePerson('Anna', 'Clara', house.parts, options);

    expect(await house.keys('people/')).toEqual([
      'people/Berta/1.jpg',
      'people/Berta/2.jpg',
      'people/Clara/1.jpg',
      'people/Clara/2.jpg',
    ]);
    expect(await house.parts.gallery.faces('Clara')).toHaveLength(2);
  });

  it('leaves the event of a moved photo nothing to do', async () => {
    const enrol = createEnrolment(house.parts);
    await enrol(await house.upload('people/Anna/1.jpg', CLARA));
    await renamePerson('Anna', 'Clara', house.parts, options);
    const { source } = (await house.json('results/people/Clara/1.jpg/enrolment.json')) as {
      source: { requestId: string; etag: string };
    };

    const event = await house.upload('incoming/other.jpg', CLARA);
    const outcome = await enrol({ ...event, ...source, key: 'people/Clara/1.jpg' });

    expect(outcome.outcome).toBe('duplicate');
  });

  it('refuses the name that somebody has already', async () => {
    await expect(renamePerson('Anna', 'Anna', house.parts, options)).rejects.toMatchObject({
      code: 'PersonNameInvalid',
    });
  });
});

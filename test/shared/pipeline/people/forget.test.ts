import { beforeEach, describe, expect, test } from 'vitest';
import { createEnrolment } from '../../../../shared/pipeline/people/enrol.ts';
import { findPerson } from '../../../../shared/pipeline/people/find.ts';
import { type ForgetDeps, forgetPerson } from '../../../../shared/pipeline/people/forget.ts';
import { renamePerson } from '../../../../shared/pipeline/people/rename.ts';
import { ANNA, ANNA_AGAIN, BERTA, CLARA, type PeopleFixture, peopleFixture } from './support.ts';

const DOCUMENT = 'results/incoming/party.jpg/faces.json';
const BASE = 'results/incoming/party.jpg';

let fixture: PeopleFixture;
let deps: ForgetDeps;

beforeEach(() => {
  fixture = peopleFixture();
  deps = {
    gallery: fixture.deps.gallery,
    source: fixture.store,
    results: fixture.store,
    peoplePrefix: 'people/',
    resultPrefix: 'results/',
  };
});

/** Anna with two photos, Berta with one that was refused for looking like Anna, and a party both were at. */
async function aYearOfPhotos(): Promise<void> {
  const enrol = createEnrolment(fixture.deps);
  await enrol(await fixture.upload('people/Anna/1.jpg', ANNA));
  await enrol(await fixture.upload('people/Anna/2.jpg', ANNA_AGAIN));
  await enrol(await fixture.upload('people/Berta/1.jpg', BERTA));
  await enrol(await fixture.upload('people/Berta/2.jpg', ANNA));
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
  await fixture.store.put(DOCUMENT, Buffer.from(JSON.stringify(document)), {
    contentType: 'application/json',
    metadata: { 'request-id': 'PARTY' },
  });
  for (const name of ['faces/0.jpg', 'faces/1.jpg', 'annotated.jpg', 'redacted.jpg']) {
    await fixture.store.put(`${BASE}/${name}`, Buffer.from('picture'));
  }
}

async function everything(): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>();
  for (const key of await fixture.keys()) {
    objects.set(key, Buffer.concat(await (await fixture.store.get(key)).body.toArray()));
  }
  return objects;
}

async function sightingsOf(person: string) {
  const sightings = [];
  for await (const sighting of findPerson(person, deps)) sightings.push(sighting);
  return sightings;
}

describe('findPerson', () => {
  test('findPerson returns every face in every result', async () => {
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

  test('findPerson reads more results than are fetched ahead, in key order', async () => {
    const numbers = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(2, '0'));
    for (const number of numbers) {
      const faces = [{ match: { person: '张伟', confidence: 0.5 } }];
      const document = { source: { bucket: 'photos', key: number }, faces };
      await fixture.store.put(`results/${number}/faces.json`, Buffer.from(JSON.stringify(document)));
    }
    await fixture.store.put('results/x/faces.json', Buffer.from('{"张伟"'));

    expect((await sightingsOf('张伟')).map(({ key }) => key)).toEqual(numbers);
  });
});

describe('forgetPerson', () => {
  test('forgetPerson leaves no mention in any object and lists what was removed', async () => {
    await aYearOfPhotos();

    const report = await forgetPerson('Anna', deps);

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

  test('forgetPerson keeps everything about other people', async () => {
    await aYearOfPhotos();

    await forgetPerson('Anna', deps);

    expect(await fixture.json(DOCUMENT)).toMatchObject({
      schemaVersion: 1,
      faces: [
        { match: { unknown: true } },
        { match: { person: 'Berta', confidence: 0.6, level: 'high' }, crop: `${BASE}/faces/1.jpg` },
        { match: { unknown: true } },
      ],
      artifacts: { redacted: `${BASE}/redacted.jpg` },
    });
    expect(await fixture.store.head(DOCUMENT)).toMatchObject({
      contentType: 'application/json',
      metadata: { 'request-id': 'PARTY' },
    });
    expect(await fixture.deps.gallery.faces('Berta')).toHaveLength(1);
    expect(await fixture.keys('results/')).toContain('results/people/Berta/1.jpg/enrolment.json');
  });

  test('forgetPerson finds nothing the second time', async () => {
    await aYearOfPhotos();
    await forgetPerson('Anna', deps);
    const before = await everything();

    expect(await forgetPerson('Anna', deps)).toEqual({
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

  test('an interrupted forgetPerson is completed by the next run', async () => {
    for (let allowed = 0; ; allowed++) {
      fixture = peopleFixture();
      await aYearOfPhotos();
      let changes = 0;
      const change =
        <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
        (...args: A): Promise<R> =>
          ++changes > allowed ? Promise.reject(new Error('planned')) : work(...args);
      const breaking = {
        ...fixture.store,
        put: change(fixture.store.put),
        delete: change(fixture.store.delete),
      };
      deps = { ...deps, gallery: fixture.deps.gallery };
      const finished = await forgetPerson('Anna', { ...deps, source: breaking, results: breaking }).then(
        () => true,
        () => false,
      );

      await forgetPerson('Anna', { ...deps, source: fixture.store, results: fixture.store });

      for (const [key, bytes] of await everything()) expect(`${key} ${bytes}`).not.toContain('Anna');
      if (finished) return expect(allowed).toBeGreaterThan(5);
    }
  });

  test('forgetPerson reads a document again that was replaced in the meantime', async () => {
    await aYearOfPhotos();
    let replaced = false;
    const racing = {
      ...fixture.store,
      async head(...args: Parameters<typeof fixture.store.head>) {
        if (!replaced && args[0] === DOCUMENT) {
          replaced = true;
          const later = { ...(await fixture.json(DOCUMENT)), later: true };
          await fixture.store.put(DOCUMENT, Buffer.from(JSON.stringify(later)));
        }
        return fixture.store.head(...args);
      },
    };

    await forgetPerson('Anna', { ...deps, results: racing });

    expect(await fixture.json(DOCUMENT)).toMatchObject({
      later: true,
      faces: [{ match: { unknown: true } }, {}, {}],
    });
  });

  test('forgetPerson refuses an empty name', async () => {
    await expect(forgetPerson('', deps)).rejects.toMatchObject({ code: 'PersonNameInvalid' });
  });
});

describe('renamePerson', () => {
  const options = { bucket: 'photos', region: 'cn-hangzhou' };

  test('renamePerson moves photos, faces and matches', async () => {
    await aYearOfPhotos();

    const report = await renamePerson('Anna', 'Änne', fixture.deps, options);

    expect(report).toEqual({
      photos: ['people/Änne/1.jpg', 'people/Änne/2.jpg'],
      refused: [],
      documents: [DOCUMENT, 'results/people/Berta/2.jpg/enrolment.json'],
    });
    expect(await fixture.deps.gallery.faces('Änne')).toHaveLength(2);
    expect(await fixture.deps.gallery.faces('Anna')).toEqual([]);
    expect(await sightingsOf('Änne')).toMatchObject([{ document: DOCUMENT, face: 0 }]);
    for (const [key, bytes] of await everything()) expect(`${key} ${bytes}`).not.toContain('Anna');
  });

  test('renamePerson merges two people, whatever they look like', async () => {
    await aYearOfPhotos();

    const { photos } = await renamePerson('Berta', 'Anna', fixture.deps, options);

    expect(photos).toEqual(['people/Anna/Berta/1.jpg', 'people/Anna/Berta/2.jpg']);
    expect(await fixture.deps.gallery.faces('Anna')).toHaveLength(4);
    expect(await fixture.keys('people/')).toHaveLength(4);
    expect(await fixture.keys('people/Berta/')).toEqual([]);
  });

  test('an interrupted renamePerson is completed by the next run', async () => {
    await aYearOfPhotos();
    const breaking = { ...fixture.store, delete: () => Promise.reject(new Error('planned')) };
    await expect(
      renamePerson('Anna', 'Clara', { ...fixture.deps, openBucket: () => breaking }, options),
    ).rejects.toThrow('planned');

    await renamePerson('Anna', 'Clara', fixture.deps, options);

    expect(await fixture.keys('people/')).toEqual([
      'people/Berta/1.jpg',
      'people/Berta/2.jpg',
      'people/Clara/1.jpg',
      'people/Clara/2.jpg',
    ]);
    expect(await fixture.deps.gallery.faces('Clara')).toHaveLength(2);
  });

  test('the event of a photo that renamePerson moved is a duplicate', async () => {
    const enrol = createEnrolment(fixture.deps);
    await enrol(await fixture.upload('people/Anna/1.jpg', CLARA));
    await renamePerson('Anna', 'Clara', fixture.deps, options);
    const { source } = (await fixture.json('results/people/Clara/1.jpg/enrolment.json')) as {
      source: { requestId: string; etag: string };
    };

    const event = await fixture.upload('incoming/other.jpg', CLARA);
    const outcome = await enrol({ ...event, ...source, key: 'people/Clara/1.jpg' });

    expect(outcome.outcome).toBe('duplicate');
  });

  test('renamePerson refuses the name that the person already has', async () => {
    await expect(renamePerson('Anna', 'Anna', fixture.deps, options)).rejects.toMatchObject({
      code: 'PersonNameInvalid',
    });
  });
});

describe('a name that is written in two forms', () => {
  const COMPOSED = 'Jos\u00e9';
  const DECOMPOSED = 'Jose\u0301';

  /** One person, enrolled from two folders whose names look alike, and a party of earlier days. */
  async function oneOfTwoFolders() {
    const enrol = createEnrolment(fixture.deps);
    const outcomes = [
      await enrol(await fixture.upload(`people/${DECOMPOSED}/1.jpg`, ANNA)),
      await enrol(await fixture.upload(`people/${COMPOSED}/2.jpg`, ANNA_AGAIN)),
    ];
    const document = {
      schemaVersion: 1,
      source: { bucket: 'photos', key: 'incoming/party.jpg' },
      faces: [
        { match: { person: DECOMPOSED, confidence: 0.7 } },
        { match: { person: COMPOSED, confidence: 0.6 } },
      ],
    };
    await fixture.store.put(DOCUMENT, Buffer.from(JSON.stringify(document)));
    return outcomes;
  }

  test('photos in both folders enrol one person, whose name is composed', async () => {
    const outcomes = await oneOfTwoFolders();

    expect(outcomes).toMatchObject([
      { outcome: 'enrolled', person: COMPOSED },
      { outcome: 'enrolled', person: COMPOSED },
    ]);
    expect(await fixture.deps.gallery.faces(DECOMPOSED)).toHaveLength(2);
  });

  test.each([COMPOSED, DECOMPOSED])('the person is found and forgotten by %j, everywhere', async (name) => {
    await oneOfTwoFolders();

    const sightings = await sightingsOf(name);
    const report = await forgetPerson(name, deps);

    expect(sightings.map(({ face }) => face)).toEqual([0, 1]);
    expect(report).toMatchObject({ person: COMPOSED, matches: [`${DOCUMENT}#0`, `${DOCUMENT}#1`] });
    expect([report.faces.length, report.photos.length, report.records.length]).toEqual([2, 2, 2]);
    for (const [key, bytes] of await everything())
      expect(`${key} ${bytes}`.normalize('NFC')).not.toContain(COMPOSED);
  });

  test('renamePerson moves the photos of both folders', async () => {
    await oneOfTwoFolders();

    const report = await renamePerson(DECOMPOSED, 'Joe', fixture.deps, {
      bucket: 'photos',
      region: 'cn-hangzhou',
    });

    expect(report.photos).toEqual(['people/Joe/1.jpg', 'people/Joe/2.jpg']);
    expect(await fixture.deps.gallery.faces('Joe')).toHaveLength(2);
    for (const [key, bytes] of await everything())
      expect(`${key} ${bytes}`.normalize('NFC')).not.toContain(COMPOSED);
  });

  test('renamePerson refuses the other form of the same name', async () => {
    const renaming = renamePerson(DECOMPOSED, COMPOSED, fixture.deps, {
      bucket: 'photos',
      region: 'cn-hangzhou',
    });

    await expect(renaming).rejects.toMatchObject({ code: 'PersonNameInvalid' });
  });
});

test('forgetPerson removes a photo and a record whose keys are as long as OSS accepts', async () => {
  const key = `people/Anna/${'a'.repeat(1023 - 16)}.jpg`;
  await createEnrolment(fixture.deps)(await fixture.upload(key, ANNA));

  const report = await forgetPerson('Anna', deps);

  expect(report).toMatchObject({
    photos: [key],
    records: [expect.stringMatching(/~[0-9a-f]{40}\/enrolment\.json$/)],
  });
  for (const [left, bytes] of await everything()) expect(`${left} ${bytes}`).not.toContain('Anna');
});

import { beforeEach, describe, expect, test } from 'vitest';
import { createEnrolment } from '../../../../shared/pipeline/people/enrol.ts';
import { renamePerson } from '../../../../shared/pipeline/people/rename.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import {
  ANNA,
  aYearOfPhotos,
  BERTA,
  CLARA,
  everything,
  PARTY_DOCUMENT,
  type PeopleFixture,
  peopleFixture,
  replacingParty,
  sightingsOf,
  watchSignal,
} from './support.ts';

let fixture: PeopleFixture;

beforeEach(() => {
  fixture = peopleFixture();
});

describe('renamePerson', () => {
  const options = { bucket: 'photos', region: 'cn-hangzhou' };

  test('renamePerson moves photos, faces and matches', async () => {
    await aYearOfPhotos(fixture);

    const report = await renamePerson('Anna', 'Änne', fixture.deps, options);

    expect(report).toEqual({
      photos: ['people/Änne/1.jpg', 'people/Änne/2.jpg'],
      refused: [],
      documents: [PARTY_DOCUMENT, 'results/people/Berta/2.jpg/enrolment.json'],
    });
    expect(await fixture.deps.gallery.faces('Änne')).toHaveLength(2);
    expect(await fixture.deps.gallery.faces('Anna')).toEqual([]);
    expect(await sightingsOf('Änne', fixture)).toMatchObject([{ document: PARTY_DOCUMENT, face: 0 }]);
    for (const [key, bytes] of await everything(fixture)) expect(`${key} ${bytes}`).not.toContain('Anna');
  });

  test('renamePerson merges two people, whatever they look like', async () => {
    await aYearOfPhotos(fixture);

    const { photos } = await renamePerson('Berta', 'Anna', fixture.deps, options);

    expect(photos).toEqual(['people/Anna/Berta/1.jpg', 'people/Anna/Berta/2.jpg']);
    expect(await fixture.deps.gallery.faces('Anna')).toHaveLength(4);
    expect(await fixture.keys('people/')).toHaveLength(4);
    expect(await fixture.keys('people/Berta/')).toEqual([]);
  });

  test('an interrupted renamePerson is completed by the next run', async () => {
    await aYearOfPhotos(fixture);
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

  test('renamePerson reports a photo that no longer enrols anybody', async () => {
    let faces = 1;
    fixture = peopleFixture((face) => (faces ? [face] : []));
    const enrol = createEnrolment(fixture.deps);
    await enrol(await fixture.upload('people/Anna/1.jpg', ANNA));
    faces = 0;

    const report = await renamePerson('Anna', 'Clara', fixture.deps, options);

    expect(report).toMatchObject({
      photos: ['people/Clara/1.jpg'],
      refused: [{ key: 'people/Clara/1.jpg', reason: 'no-face' }],
    });
  });

  test('renamePerson overwrites no other photo', async () => {
    await fixture.upload('people/Anna/1.jpg', ANNA);
    await fixture.upload('people/Clara/1.jpg', CLARA);
    await fixture.upload('people/Clara/Anna/1.jpg', BERTA);
    const before = await everything(fixture);

    const renaming = renamePerson('Anna', 'Clara', fixture.deps, options);

    await expect(renaming).rejects.toMatchObject({
      code: 'ObjectAlreadyExists',
      message: expect.stringContaining('people/Clara/1.jpg and people/Clara/Anna/1.jpg'),
      details: { key: 'people/Anna/1.jpg' },
    });
    expect(await everything(fixture)).toEqual(before);
  });

  test('renamePerson ends when a photo cannot be copied', async () => {
    await fixture.upload('people/Anna/1.jpg', ANNA);
    const put = () => Promise.reject(new AppError('ServiceUnavailable', 'planned'));
    const deps = { ...fixture.deps, openBucket: () => ({ ...fixture.store, put }) };

    await expect(renamePerson('Anna', 'Clara', deps, options)).rejects.toMatchObject({
      code: 'ServiceUnavailable',
    });
    expect(await fixture.keys('people/')).toEqual(['people/Anna/1.jpg']);
  });

  test('renamePerson names a document once that was replaced in the meantime', async () => {
    await aYearOfPhotos(fixture);
    const racing = replacingParty(fixture);

    const { documents } = await renamePerson(
      'Anna',
      'Clara',
      { ...fixture.deps, openBucket: () => racing },
      options,
    );

    expect(documents.filter((key) => key === PARTY_DOCUMENT)).toHaveLength(1);
  });

  test('renamePerson finds records in the result bucket', async () => {
    const results = createMemoryStore({ bucket: 'faces', clock: fixture.clock });
    const deps = {
      ...fixture.deps,
      options: { ...fixture.deps.options, resultBucket: 'faces' },
      openBucket: (name: string) => (name === 'faces' ? results : fixture.store),
    };
    await createEnrolment(deps)(await fixture.upload('people/Anna/1.jpg', ANNA));

    await renamePerson('Anna', 'Clara', deps, options);

    expect(await results.head('results/people/Anna/1.jpg/enrolment.json')).toBeUndefined();
    expect(await results.head('results/people/Clara/1.jpg/enrolment.json')).toBeDefined();
  });

  test('renamePerson passes its signal to every request except the copies of photos', async () => {
    await aYearOfPhotos(fixture);
    const { signal } = new AbortController();
    const missing: string[] = [];
    const deps = {
      ...fixture.deps,
      gallery: watchSignal(fixture.deps.gallery, signal, missing),
      openBucket: () => watchSignal(fixture.store, signal, missing),
    };

    await renamePerson('Anna', 'Clara', deps, { ...options, signal });

    expect(missing).toEqual(['get', 'put', 'get', 'put']);
  });

  test('renamePerson refuses the name that the person already has', async () => {
    await expect(renamePerson('Anna', 'Anna', fixture.deps, options)).rejects.toMatchObject({
      code: 'PersonNameInvalid',
      message: '"Anna" is already the name',
    });
  });
});

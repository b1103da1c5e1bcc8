import { beforeEach, describe, expect, test } from 'vitest';
import { createEnrolment } from '../../../../shared/pipeline/people/enrol.ts';
import { type EnrolProgress, enrolAll, reenrolAll } from '../../../../shared/pipeline/people/enrol-all.ts';
import { exportPeople } from '../../../../shared/pipeline/people/export.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { fakeEngine } from '../../../support/fake-engine.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { ANNA, ANNA_AGAIN, BERTA, CLARA, type PeopleFixture, peopleFixture, watchSignal } from './support.ts';

const options = { bucket: 'photos', region: 'cn-hangzhou' };

let fixture: PeopleFixture;

beforeEach(async () => {
  fixture = peopleFixture();
  await fixture.upload('people/Anna/1.jpg', ANNA);
  await fixture.upload('people/Anna/2.jpg', ANNA_AGAIN);
  await fixture.upload('people/Anna/3.jpg', CLARA);
  await fixture.upload('people/Berta/1.jpg', BERTA);
  await fixture.store.put('people/Berta/', Buffer.alloc(0));
});

async function peopleOf() {
  const people = [];
  for await (const entry of fixture.deps.gallery.people()) people.push(entry);
  return people;
}

const EVERYBODY = [
  { person: 'Anna', faces: 2 },
  { person: 'Berta', faces: 1 },
];

describe('enrolAll', () => {
  test('enrolAll enrols all photos and reports its progress', async () => {
    const progress: EnrolProgress[] = [];

    const report = await enrolAll(fixture.deps, { ...options, onProgress: (step) => progress.push(step) });

    expect(report).toEqual({
      photos: 4,
      enrolled: 3,
      unchanged: 0,
      refused: [{ key: 'people/Anna/3.jpg', reason: 'unlike-others' }],
      failed: [],
    });
    expect(await peopleOf()).toEqual(EVERYBODY);
    expect(progress.map(({ done, total }) => [done, total])).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
  });

  test('enrolAll skips photos that have a record', async () => {
    const first = await fixture.upload('people/Anna/1.jpg', ANNA);
    await createEnrolment(fixture.deps)(first);
    await enrolAll(fixture.deps, options);
    const asked = fixture.engine.asked.length;

    expect(await enrolAll(fixture.deps, options)).toMatchObject({ enrolled: 0, unchanged: 4 });
    expect(fixture.engine.asked).toHaveLength(asked);
  });

  test('enrolAll continues after a failed photo, and the next run retries it', async () => {
    let failures = 1;
    const engine = {
      ...fixture.engine,
      open: (...args: Parameters<typeof fixture.engine.open>) =>
        failures-- > 0
          ? Promise.reject(new AppError('ServiceUnavailable', 'planned'))
          : fixture.engine.open(...args),
    };
    const deps = { ...fixture.deps, engine };

    const first = await enrolAll(deps, { ...options, concurrency: 1 });
    const second = await enrolAll(deps, options);

    expect(first.failed).toEqual([{ key: 'people/Anna/1.jpg', code: 'ServiceUnavailable' }]);
    expect(second).toMatchObject({ enrolled: 1, unchanged: 3 });
    expect(await peopleOf()).toEqual(EVERYBODY);
  });

  test('enrolAll reports photos that are not usable, with the code of each', async () => {
    await fixture.store.put('people/Anna/4.jpg', Buffer.from('hello'));
    await fixture.upload('people/ Dora/1.jpg', CLARA);
    const outcomes = new Map<string, string>();

    const report = await enrolAll(fixture.deps, {
      ...options,
      onProgress: ({ key, outcome }) => outcomes.set(key, outcome),
    });

    expect(report.failed).toEqual(
      expect.arrayContaining([
        { key: 'people/Anna/4.jpg', code: 'InvalidImage' },
        { key: 'people/ Dora/1.jpg', code: 'PersonNameInvalid' },
      ]),
    );
    expect(report.failed).toHaveLength(2);
    expect(Object.fromEntries(outcomes)).toMatchObject({
      'people/Anna/1.jpg': 'enrolled',
      'people/Anna/3.jpg': 'refused',
      'people/Anna/4.jpg': 'invalid',
      'people/ Dora/1.jpg': 'failed',
    });
  });

  test('enrolAll reports a photo that has a record as a duplicate', async () => {
    const outcomes: string[] = [];
    await enrolAll(fixture.deps, options);

    await enrolAll(fixture.deps, { ...options, onProgress: ({ outcome }) => outcomes.push(outcome) });

    expect(outcomes).toEqual(Array(4).fill('duplicate'));
  });

  test('enrolAll skips a photo that is in no folder of a person', async () => {
    await fixture.upload('people/group.jpg', BERTA);
    const keys: string[] = [];

    await enrolAll(fixture.deps, { ...options, onProgress: ({ key }) => keys.push(key) });

    expect(keys).not.toContain('people/group.jpg');
  });

  test('enrolAll keeps records in the result bucket', async () => {
    const results = createMemoryStore({ bucket: 'faces', clock: fixture.clock });
    const deps = {
      ...fixture.deps,
      options: { ...fixture.deps.options, resultBucket: 'faces' },
      openBucket: (name: string) => (name === 'faces' ? results : fixture.store),
    };

    const first = await enrolAll(deps, options);
    const second = await enrolAll(deps, options);

    expect(first.enrolled).toBe(3);
    expect(second).toMatchObject({ enrolled: 0, unchanged: 4 });
    expect(await results.head('results/people/Anna/1.jpg/enrolment.json')).toBeDefined();
    expect(await fixture.keys('results/')).toEqual([]);
  });

  test('enrolAll ends when its signal fires during the last photo', async () => {
    fixture = peopleFixture();
    await fixture.upload('people/Anna/1.jpg', ANNA);
    const engine = fakeEngine(() => Promise.reject(new AppError('Aborted', 'planned')));

    await expect(enrolAll({ ...fixture.deps, engine }, options)).rejects.toMatchObject({ code: 'Aborted' });
  });

  test('enrolAll ends at an error that every photo would meet', async () => {
    const engine = {
      ...fixture.engine,
      open: () => Promise.reject(new AppError('ModelMismatch', 'planned')),
    };

    await expect(enrolAll({ ...fixture.deps, engine }, options)).rejects.toMatchObject({
      code: 'ModelMismatch',
    });
  });

  test('enrolAll ends when its signal fires', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();

    await expect(
      enrolAll(fixture.deps, { ...options, onProgress, signal: controller.signal, concurrency: 1 }),
    ).rejects.toMatchObject({ code: 'Aborted', message: 'enrolment: stopped' });
    expect(fixture.engine.asked).toHaveLength(1);
  });
});

describe('reenrolAll', () => {
  test('reenrolAll passes its signal to every request', async () => {
    await enrolAll(fixture.deps, options);
    const { signal } = new AbortController();
    const missing: string[] = [];
    const deps = {
      ...fixture.deps,
      gallery: watchSignal(fixture.deps.gallery, signal, missing),
      openBucket: () => watchSignal(fixture.store, signal, missing),
    };

    await reenrolAll(deps, { ...options, signal });

    expect(missing).toEqual([]);
  });

  test('reenrolAll rebuilds the same gallery from the photos', async () => {
    await enrolAll(fixture.deps, options);
    await fixture.deps.gallery.clear();

    const report = await reenrolAll(fixture.deps, options);

    expect(report).toMatchObject({ photos: 4, enrolled: 3 });
    expect(await peopleOf()).toEqual(EVERYBODY);
  });

  test('events of uploads from before reenrolAll are duplicates', async () => {
    const enrol = createEnrolment(fixture.deps);
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);

    await reenrolAll(fixture.deps, options);

    expect((await enrol(event)).outcome).toBe('duplicate');
    expect(await peopleOf()).toEqual(EVERYBODY);
  });
});

describe('enrolAll into another gallery', () => {
  test('enrolAll enrols every photo into another gallery, and the next run none', async () => {
    await enrolAll(fixture.deps, options);
    const other = peopleFixture().deps.gallery;
    const deps = { ...fixture.deps, gallery: { ...other, name: 'other' } };

    const first = await enrolAll(deps, options);
    const second = await enrolAll(deps, options);

    expect(first).toMatchObject({ photos: 4, enrolled: 3, unchanged: 0 });
    expect(second).toMatchObject({ photos: 4, enrolled: 0, unchanged: 4 });
    expect(await other.faces('Anna')).toHaveLength(2);
  });
});

describe('exportPeople', () => {
  test('exportPeople lists every photo with its outcome and without embeddings', async () => {
    await enrolAll(fixture.deps, options);
    await fixture.upload('people/Berta/2.jpg', BERTA);
    await fixture.upload('people/group.jpg', BERTA);
    const exported = [];
    const deps = {
      source: fixture.store,
      results: fixture.store,
      peoplePrefix: 'people/',
      resultPrefix: 'results/',
    };
    for await (const photo of exportPeople(deps)) exported.push(photo);

    expect(exported.map(({ key, person, outcome, reason }) => [key, person, outcome, reason])).toEqual([
      ['people/Anna/1.jpg', 'Anna', 'enrolled', undefined],
      ['people/Anna/2.jpg', 'Anna', 'enrolled', undefined],
      ['people/Anna/3.jpg', 'Anna', 'refused', 'unlike-others'],
      ['people/Berta/1.jpg', 'Berta', 'enrolled', undefined],
      ['people/Berta/2.jpg', 'Berta', 'pending', undefined],
    ]);
    expect(Object.keys(exported[0]!).sort()).toEqual(['etag', 'key', 'outcome', 'person', 'reason', 'size']);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { createEnrolment } from '../../../../shared/pipeline/people/enrol.ts';
import { type EnrolProgress, enrolAll, reenrolAll } from '../../../../shared/pipeline/people/enrol-all.ts';
import { exportPeople } from '../../../../shared/pipeline/people/export.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { ANNA, ANNA_AGAIN, aHouse, BERTA, CLARA, type House } from './support.ts';

const options = { bucket: 'photos', region: 'cn-hangzhou' };

let house: House;

beforeEach(async () => {
  house = aHouse();
  await house.upload('people/Anna/1.jpg', ANNA);
  await house.upload('people/Anna/2.jpg', ANNA_AGAIN);
  await house.upload('people/Anna/3.jpg', CLARA);
  await house.upload('people/Berta/1.jpg', BERTA);
  await house.store.put('people/Berta/', Buffer.alloc(0));
});

async function peopleOf() {
  const people = [];
  for await (const entry of house.parts.gallery.people()) people.push(entry);
  return people;
}

const EVERYBODY = [
  { person: 'Anna', faces: 2 },
  { person: 'Berta', faces: 1 },
];

describe('enrolling everybody', () => {
  it('goes through all photos and tells how far it is', async () => {
    const progress: EnrolProgress[] = [];

    const report = await enrolAll(house.parts, { ...options, onProgress: (step) => progress.push(step) });

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

  it('passes over photos that have their record', async () => {
    const first = await house.upload('people/Anna/1.jpg', ANNA);
    await createEnrolment(house.parts)(first);
    await enrolAll(house.parts, options);
    const asked = house.engine.asked.length;

    expect(await enrolAll(house.parts, options)).toMatchObject({ enrolled: 0, unchanged: 4 });
    expect(house.engine.asked).toHaveLength(asked);
  });

  it('goes on after a photo that failed, and takes it up in the next run', async () => {
    let failures = 1;
    const engine = {
      ...house.engine,
      analyze: (...args: Parameters<typeof house.engine.analyze>) =>
        failures-- > 0
          ? Promise.reject(new AppError('ServiceUnavailable', 'planned'))
          : house.engine.analyze(...args),
    };
    const parts = { ...house.parts, engine };

    const first = await enrolAll(parts, { ...options, concurrency: 1 });
    const second = await enrolAll(parts, options);

    expect(first.failed).toEqual([{ key: 'people/Anna/1.jpg', code: 'ServiceUnavailable' }]);
    expect(second).toMatchObject({ enrolled: 1, unchanged: 3 });
    expect(await peopleOf()).toEqual(EVERYBODY);
  });

  it('ends at an error that would meet every photo', async () => {
    const engine = {
      ...house.engine,
      analyze: () => Promise.reject(new AppError('ModelMismatch', 'planned')),
    };

    await expect(enrolAll({ ...house.parts, engine }, options)).rejects.toMatchObject({
      code: 'ModelMismatch',
    });
  });

  it('ends when it is told to', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();

    await expect(
      enrolAll(house.parts, { ...options, onProgress, signal: controller.signal, concurrency: 1 }),
    ).rejects.toMatchObject({ code: 'Aborted' });
    expect(house.engine.asked).toHaveLength(1);
  });
});

describe('enrolling everybody again', () => {
  it('makes the same gallery from the photos alone', async () => {
    await enrolAll(house.parts, options);
    await house.parts.gallery.clear();

    const report = await reenrolAll(house.parts, options);

    expect(report).toMatchObject({ photos: 4, enrolled: 3 });
    expect(await peopleOf()).toEqual(EVERYBODY);
  });

  it('leaves events of uploads that were enrolled before nothing to do', async () => {
    const enrol = createEnrolment(house.parts);
    const event = await house.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);

    await reenrolAll(house.parts, options);

    expect((await enrol(event)).outcome).toBe('duplicate');
    expect(await peopleOf()).toEqual(EVERYBODY);
  });
});

describe('another gallery', () => {
  it('takes every photo, and the next run none', async () => {
    await enrolAll(house.parts, options);
    const other = aHouse().parts.gallery;
    const parts = { ...house.parts, gallery: { ...other, name: 'other' } };

    const first = await enrolAll(parts, options);
    const second = await enrolAll(parts, options);

    expect(first).toMatchObject({ photos: 4, enrolled: 3, unchanged: 0 });
    expect(second).toMatchObject({ photos: 4, enrolled: 0, unchanged: 4 });
    expect(await other.faces('Anna')).toHaveLength(2);
  });
});

describe('the export', () => {
  it('has every photo with what became of it, and no embedding', async () => {
    await enrolAll(house.parts, options);
    await house.upload('people/Berta/2.jpg', BERTA);
    const exported = [];
    const parts = {
      source: house.store,
      results: house.store,
      peoplePrefix: 'people/',
      resultPrefix: 'results/',
    };
    for await (const photo of exportPeople(parts)) exported.push(photo);

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

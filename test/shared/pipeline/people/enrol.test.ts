import { beforeEach, describe, expect, it } from 'vitest';
import type { Face } from '../../../../shared/faces/face.ts';
import { createEnrolment } from '../../../../shared/pipeline/people/enrol.ts';
import { personOf } from '../../../../shared/pipeline/people/photos.ts';
import { enrolmentRecord } from '../../../../shared/pipeline/people/record.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { anEvent } from '../../../support/events.ts';
import { ANNA, ANNA_AGAIN, aHouse, BERTA, CLARA, type House, removalOf } from './support.ts';

const RECORD = 'results/people/Anna/1.jpg/enrolment.json';

let house: House;
let enrol: ReturnType<typeof createEnrolment>;

beforeEach(() => {
  house = aHouse();
  enrol = createEnrolment(house.parts);
});

const facesOf = (person: string) => house.parts.gallery.faces(person);

describe('a photo of a person', () => {
  it('enrols, and its record says so', async () => {
    const event = await house.upload('people/Anna/1.jpg', ANNA);

    const outcome = await enrol(event);

    expect(outcome).toMatchObject({ outcome: 'enrolled', person: 'Anna', document: RECORD });
    const [id] = await facesOf('Anna');
    const record = await house.json(RECORD);
    expect(enrolmentRecord.parse(record)).toMatchObject({
      outcome: 'enrolled',
      person: 'Anna',
      source: { bucket: 'photos', key: event.key, requestId: event.requestId, width: 32, height: 32 },
      gallery: 'oss',
      engine: { name: 'fake' },
      face: { id, box: { x: 0, y: 0, width: 32, height: 32 }, quality: 0.9 },
    });
  });

  it('asks the engine for embeddings and for nothing else', async () => {
    await enrol(await house.upload('people/Anna/1.jpg', ANNA));

    expect(house.engine.asked[0]!.options).toMatchObject({ embeddings: true, attributes: new Set() });
  });

  it('enrols once, however often its event comes', async () => {
    const event = await house.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);

    expect((await enrol(event)).outcome).toBe('duplicate');
    expect(house.engine.asked).toHaveLength(1);
  });

  it('enrols once when the first delivery broke off before its record', async () => {
    const event = await house.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);
    await house.store.delete(RECORD);

    expect((await enrol(event)).outcome).toBe('enrolled');
    expect(await facesOf('Anna')).toHaveLength(1);
    expect(await house.json(RECORD)).toMatchObject({ face: { id: (await facesOf('Anna'))[0] } });
  });

  it('that replaces another takes its place, also when it shows somebody else', async () => {
    await enrol(await house.upload('people/Anna/1.jpg', BERTA));
    const [wrong] = await facesOf('Anna');

    const outcome = await enrol(await house.upload('people/Anna/1.jpg', ANNA));

    expect(outcome.outcome).toBe('enrolled');
    expect(await facesOf('Anna')).toHaveLength(1);
    expect(await facesOf('Anna')).not.toContain(wrong);
  });

  it('that was replaced before its event came is superseded', async () => {
    const old = await house.upload('people/Anna/1.jpg', ANNA);
    await enrol(await house.upload('people/Anna/1.jpg', ANNA_AGAIN));

    expect((await enrol(old)).outcome).toBe('superseded');
    expect(await facesOf('Anna')).toHaveLength(1);
  });

  it('leaves no face behind when a later write is recorded meanwhile', async () => {
    const event = await house.upload('people/Anna/1.jpg', ANNA);
    const { gallery } = house.parts;
    const racing = createEnrolment({
      ...house.parts,
      gallery: {
        ...gallery,
        async add(...args) {
          const added = await gallery.add(...args);
          await createEnrolment(house.parts)(await house.upload('people/Anna/1.jpg', ANNA_AGAIN));
          return added;
        },
      },
    });

    expect((await racing(event)).outcome).toBe('superseded');

    const { face } = (await house.json(RECORD)) as { face: { id: string } };
    expect(await facesOf('Anna')).toEqual([face.id]);
  });

  it('leaves no face behind when it goes while it is worked on elsewhere', async () => {
    const event = await house.upload('people/Anna/1.jpg', ANNA);
    const { gallery } = house.parts;
    const racing = createEnrolment({
      ...house.parts,
      gallery: {
        ...gallery,
        async add(...args) {
          const added = await gallery.add(...args);
          await house.store.delete(event.key);
          await createEnrolment(house.parts)(removalOf(event));
          return added;
        },
      },
    });

    expect(await racing(event)).toMatchObject({ outcome: 'gone', removed: 1 });

    expect(await facesOf('Anna')).toEqual([]);
    expect(await house.keys('results/')).toEqual([]);
  });

  it('leaves no face behind when it goes after a delivery that broke off before its record', async () => {
    const event = await house.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);
    await house.store.delete(RECORD);
    await house.store.delete(event.key);

    expect(await enrol(event)).toMatchObject({ outcome: 'gone', removed: 1 });
    expect(await facesOf('Anna')).toEqual([]);
  });

  it.each(['people/ Anna/1.jpg', 'people/Anna/1.jpg'])('at %s is gone when the object is', async (key) => {
    expect(await enrol(anEvent({ key }))).toMatchObject({ outcome: 'gone', removed: 0 });
  });

  it('is handed by URL to an engine whose service is in its region', async () => {
    const engine = { ...house.engine, region: 'cn-hangzhou' };
    const presign = async ({ key }: { key: string }) => `https://oss/${key}`;
    const event = await house.upload('people/Anna/1.jpg', ANNA);

    await createEnrolment({ ...house.parts, engine, presign })(event);

    expect(house.engine.asked[0]!.options.source).toEqual({
      url: 'https://oss/people/Anna/1.jpg',
      bytes: event.size,
    });
  });

  it('may lie deeper in the folder of its person', async () => {
    await enrol(await house.upload('people/张伟/2026/a.jpg', ANNA));

    expect(await facesOf('张伟')).toHaveLength(1);
  });
});

describe('a photo that is no good example', () => {
  const turned = (yaw: number, pitch: number): Partial<Face> => ({ pose: { yaw, pitch, roll: 0 } });

  it.each<[reason: string, answer: (face: Face) => Face[]]>([
    ['no-face', () => []],
    ['several-faces', (face) => [face, face]],
    ['uncertain-face', (face) => [{ ...face, probability: 0.8 }]],
    ['too-small', (face) => [{ ...face, box: { x: 0, y: 0, width: 15, height: 20 } }]],
    ['turned-away', (face) => [{ ...face, ...turned(-41, 0) }]],
    ['turned-away', (face) => [{ ...face, ...turned(0, 41) }]],
    ['low-quality', (face) => [{ ...face, quality: 0.39 }]],
  ])('is refused: %s', async (reason, answer) => {
    house = aHouse(answer);
    enrol = createEnrolment(house.parts);

    const outcome = await enrol(await house.upload('people/Anna/1.jpg', ANNA));

    expect(outcome).toMatchObject({ outcome: 'refused', reason });
    expect(enrolmentRecord.parse(await house.json(RECORD))).toMatchObject({
      outcome: 'refused',
      refusal: { reason },
    });
    expect(await facesOf('Anna')).toEqual([]);
  });

  it('is refused by the quality that its engine asks for', async () => {
    const engine = { ...house.engine, enrolQuality: 0.95 };

    const outcome = await createEnrolment({ ...house.parts, engine })(
      await house.upload('people/Anna/1.jpg', ANNA),
    );

    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'low-quality' });
  });

  it('is refused: blurred', async () => {
    const rules = { ...house.parts.rules!, minSharpness: 0.03 };

    const outcome = await createEnrolment({ ...house.parts, rules })(
      await house.upload('people/Anna/1.jpg', ANNA),
    );

    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'blurred' });
  });

  it('is refused: looks like another person, who is named', async () => {
    await enrol(await house.upload('people/Anna/1.jpg', ANNA));

    const outcome = await enrol(await house.upload('people/Berta/1.jpg', ANNA_AGAIN));

    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'looks-like-another' });
    expect(await house.json('results/people/Berta/1.jpg/enrolment.json')).toMatchObject({
      refusal: { other: 'Anna', message: expect.not.stringContaining('Anna') },
    });
  });

  it("is refused: unlike the person's other photos", async () => {
    await enrol(await house.upload('people/Anna/1.jpg', ANNA));

    const outcome = await enrol(await house.upload('people/Anna/2.jpg', BERTA));

    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'unlike-others' });
    expect(await facesOf('Anna')).toHaveLength(1);
  });

  it('enrols nevertheless when a person vouches for it', async () => {
    await enrol(await house.upload('people/Anna/1.jpg', ANNA));

    const event = await house.upload('people/Anna/2.jpg', CLARA);
    const outcome = await createEnrolment({ ...house.parts, trusted: true })(event);

    expect(outcome.outcome).toBe('enrolled');
  });
});

describe('an error', () => {
  it('of the file is recorded as invalid', async () => {
    const { etag, requestId } = await house.store.put('people/Anna/1.jpg', Buffer.from('hello'));

    const outcome = await enrol(anEvent({ key: 'people/Anna/1.jpg', etag, requestId }));

    expect(outcome).toMatchObject({ outcome: 'invalid', code: 'InvalidImage' });
    expect(enrolmentRecord.parse(await house.json(RECORD))).toMatchObject({
      error: { code: 'InvalidImage' },
    });
  });

  it('of the name is recorded as failed', async () => {
    const outcome = await enrol(await house.upload('people/ Anna/1.jpg', ANNA));

    expect(outcome).toMatchObject({ outcome: 'failed', code: 'PersonNameInvalid' });
  });

  it('that concerns the one face is recorded as failed', async () => {
    const error = new AppError('GalleryFull', 'five faces are enough');
    const gallery = { ...house.parts.gallery, add: async () => [{ error }] };

    const outcome = await createEnrolment({ ...house.parts, gallery })(
      await house.upload('people/Anna/1.jpg', ANNA),
    );

    expect(outcome).toMatchObject({ outcome: 'failed', code: 'GalleryFull' });
  });

  it('that may pass is thrown, and nothing is recorded', async () => {
    const gallery = {
      ...house.parts.gallery,
      search: () => Promise.reject(new AppError('ServiceUnavailable', 'planned')),
    };
    const event = await house.upload('people/Anna/1.jpg', ANNA);

    await expect(createEnrolment({ ...house.parts, gallery })(event)).rejects.toMatchObject({
      code: 'ServiceUnavailable',
    });
    expect(await house.keys('results/')).toEqual([]);
  });
});

describe('a removal', () => {
  it('takes the face and the record along', async () => {
    const event = await house.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);
    await enrol(await house.upload('people/Anna/2.jpg', ANNA_AGAIN));
    await house.store.delete(event.key);

    expect(await enrol(removalOf(event))).toMatchObject({ outcome: 'gone', removed: 1 });
    expect(await enrol(removalOf(event))).toMatchObject({ outcome: 'gone', removed: 0 });
    expect(await facesOf('Anna')).toHaveLength(1);
    expect(await house.keys('results/')).toEqual(['results/people/Anna/2.jpg/enrolment.json']);
  });

  it('that comes after the photo was written again leaves its face', async () => {
    const event = await house.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);

    expect((await enrol(removalOf(event))).outcome).toBe('superseded');
    expect(await facesOf('Anna')).toHaveLength(1);
  });
});

describe('an event that is not for it', () => {
  it.each([
    ['incoming/a.jpg', 'outside-prefix'],
    ['people/a.jpg', 'no-person'],
    ['people/Anna/', 'folder'],
  ])('of %s is ignored', async (key, rule) => {
    expect(await enrol(anEvent({ key }))).toMatchObject({ outcome: 'ignored', rule });
  });

  it('knows the person of a key', () => {
    expect(personOf('people/Anna/x/y.jpg', 'people/')).toBe('Anna');
    expect(personOf('people/Anna', 'people/')).toBeUndefined();
    expect(personOf('other/Anna/x.jpg', 'people/')).toBeUndefined();
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import type { Face } from '../../../../shared/faces/face.ts';
import { createEnrolment, enrolmentTask } from '../../../../shared/pipeline/people/enrol.ts';
import { enrolmentRecord } from '../../../../shared/pipeline/people/record.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { createLogger } from '../../../../shared/runtime/log.ts';
import { anEvent } from '../../../support/events.ts';
import { fakeEngine } from '../../../support/fake-engine.ts';
import {
  ANNA,
  ANNA_AGAIN,
  BERTA,
  CLARA,
  type PeopleFixture,
  peopleFixture,
  removalOf,
  watchSignal,
} from './support.ts';

const RECORD = 'results/people/Anna/1.jpg/enrolment.json';

let fixture: PeopleFixture;
let enrol: ReturnType<typeof createEnrolment>;

beforeEach(() => {
  fixture = peopleFixture();
  enrol = createEnrolment(fixture.deps);
});

const facesOf = (person: string) => fixture.deps.gallery.faces(person);

describe('createEnrolment', () => {
  test('a photo enrols its person and has a record', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);

    const outcome = await enrol(event);

    expect(outcome).toMatchObject({ outcome: 'enrolled', person: 'Anna', document: RECORD });
    const [id] = await facesOf('Anna');
    const record = await fixture.json(RECORD);
    expect(enrolmentRecord.parse(record)).toMatchObject({
      outcome: 'enrolled',
      person: 'Anna',
      source: { bucket: 'photos', key: event.key, requestId: event.requestId, width: 32, height: 32 },
      gallery: 'oss',
      engine: { name: 'fake' },
      face: { id, box: { x: 0, y: 0, width: 32, height: 32 }, quality: 0.9 },
    });
  });

  test('an enrolment asks the engine for embeddings and no attributes', async () => {
    await enrol(await fixture.upload('people/Anna/1.jpg', ANNA));

    expect(fixture.engine.asked[0]!.options).toMatchObject({ embeddings: true, attributes: new Set() });
  });

  test('a photo is enrolled once, however often its event is delivered', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);

    expect((await enrol(event)).outcome).toBe('duplicate');
    expect(fixture.engine.asked).toHaveLength(1);
  });

  test('a photo is enrolled once when the first delivery was interrupted before its record', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);
    await fixture.store.delete(RECORD);

    expect((await enrol(event)).outcome).toBe('enrolled');
    expect(await facesOf('Anna')).toHaveLength(1);
    expect(await fixture.json(RECORD)).toMatchObject({ face: { id: (await facesOf('Anna'))[0] } });
  });

  test('a face that an interrupted delivery added is not added again', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);
    await fixture.store.delete(RECORD);
    let added = 0;
    const add: typeof fixture.deps.gallery.add = (...args) => {
      added++;
      return fixture.deps.gallery.add(...args);
    };

    await createEnrolment({ ...fixture.deps, gallery: { ...fixture.deps.gallery, add } })(event);

    expect(added).toBe(0);
  });

  test('a photo that replaces another replaces its face, also when it shows another person', async () => {
    await enrol(await fixture.upload('people/Anna/1.jpg', BERTA));
    const [wrong] = await facesOf('Anna');

    const outcome = await enrol(await fixture.upload('people/Anna/1.jpg', ANNA));

    expect(outcome.outcome).toBe('enrolled');
    expect(await facesOf('Anna')).toHaveLength(1);
    expect(await facesOf('Anna')).not.toContain(wrong);
  });

  test('the event of a replaced photo is superseded', async () => {
    const old = await fixture.upload('people/Anna/1.jpg', ANNA);
    await enrol(await fixture.upload('people/Anna/1.jpg', ANNA_AGAIN));

    expect((await enrol(old)).outcome).toBe('superseded');
    expect(await facesOf('Anna')).toHaveLength(1);
  });

  test('a photo leaves no face behind when a later write is recorded in the meantime', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    const { gallery } = fixture.deps;
    const racing = createEnrolment({
      ...fixture.deps,
      gallery: {
        ...gallery,
        async add(...args) {
          const added = await gallery.add(...args);
          await createEnrolment(fixture.deps)(await fixture.upload('people/Anna/1.jpg', ANNA_AGAIN));
          return added;
        },
      },
    });

    expect((await racing(event)).outcome).toBe('superseded');

    const { face } = (await fixture.json(RECORD)) as { face: { id: string } };
    expect(await facesOf('Anna')).toEqual([face.id]);
  });

  test('a photo leaves no face behind when its removal is handled elsewhere in the meantime', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    const { gallery } = fixture.deps;
    const racing = createEnrolment({
      ...fixture.deps,
      gallery: {
        ...gallery,
        async add(...args) {
          const added = await gallery.add(...args);
          await fixture.store.delete(event.key);
          await createEnrolment(fixture.deps)(removalOf(event));
          return added;
        },
      },
    });

    expect(await racing(event)).toMatchObject({ outcome: 'gone', removed: 1 });

    expect(await facesOf('Anna')).toEqual([]);
    expect(await fixture.keys('results/')).toEqual([]);
  });

  test('a deleted photo leaves no face behind after a delivery that was interrupted before its record', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);
    await fixture.store.delete(RECORD);
    await fixture.store.delete(event.key);

    expect(await enrol(event)).toMatchObject({ outcome: 'gone', removed: 1 });
    expect(await facesOf('Anna')).toEqual([]);
  });

  test.each(['people/ Anna/1.jpg', 'people/Anna/1.jpg'])(
    'a photo at %s that does not exist is gone',
    async (key) => {
      expect(await enrol(anEvent({ key }))).toMatchObject({ outcome: 'gone', removed: 0 });
    },
  );

  test.each([
    ['PersonNameInvalid', 'is gone'],
    ['ServiceUnavailable', 'is delivered again'],
  ] as const)('a photo that does not exist, with the error %s of the gallery, %s', async (code, end) => {
    const removeFace = () => Promise.reject(new AppError(code, 'planned'));
    const gallery = { ...fixture.deps.gallery, removeFace };

    const handled = createEnrolment({ ...fixture.deps, gallery })(anEvent({ key: 'people/Anna/1.jpg' }));

    if (end === 'is gone') expect(await handled).toMatchObject({ outcome: 'gone', removed: 0 });
    else await expect(handled).rejects.toMatchObject({ code });
  });

  test('a photo is passed by URL to an engine whose service is in its region', async () => {
    const engine = { ...fixture.engine, region: 'cn-hangzhou' };
    const presign = async ({ key }: { key: string }) => `https://oss/${key}`;
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);

    await createEnrolment({ ...fixture.deps, engine, presign })(event);

    expect(fixture.engine.asked[0]!.options.source).toEqual({
      url: 'https://oss/people/Anna/1.jpg',
      bytes: event.size,
    });
  });

  test('the photos of one person share their turns, and no others do', () => {
    const { turnOf } = enrolmentTask(fixture.deps);
    const turns = [
      { key: 'people/Anna/1.jpg' },
      { key: 'people/Anna/2.jpg' },
      { key: 'people/Berta/1.jpg' },
      { key: 'people/Anna/1.jpg', bucket: 'others' },
    ].map((changes) => turnOf(anEvent(changes)));

    expect(turns[0]).toBe(turns[1]);
    expect(new Set(turns).size).toBe(3);
  });

  test('an enrolment is logged with its stages, and a failed one as to be delivered again', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger({ write: (line) => lines.push(JSON.parse(line)) });
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    const throttled = fakeEngine(() => Promise.reject(new AppError('Throttled', 'planned')));

    await createEnrolment({ ...fixture.deps, logger })(event);
    await expect(
      createEnrolment({ ...fixture.deps, logger, engine: { ...fixture.engine, open: throttled.open } })({
        ...event,
        requestId: 'AGAIN',
      }),
    ).rejects.toThrow('planned');

    expect(lines).toMatchObject([
      { msg: 'enrolment', outcome: 'enrolled', person: 'Anna' },
      { msg: 'photo not enrolled, to be delivered again', code: 'Throttled' },
    ]);
    expect(Object.keys(lines[0]!.durations as object)).toEqual([
      'admit',
      'fetch',
      'prepare',
      'analyze',
      'publish',
    ]);
  });

  test('an enrolment and a removal pass their signal to every request, and the deadline to the gallery', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    const { signal } = new AbortController();
    const missing: string[] = [];
    const asked: unknown[] = [];
    const { gallery } = fixture.deps;
    const watched = createEnrolment({
      ...fixture.deps,
      openBucket: () => watchSignal(fixture.store, signal, missing),
      gallery: watchSignal(
        {
          ...gallery,
          search(...args: Parameters<typeof gallery.search>) {
            asked.push(args[2]);
            return gallery.search(...args);
          },
        },
        signal,
        missing,
      ),
    });

    await watched(event, { signal, deadline: 7 });
    await fixture.store.delete(event.key);
    await watched(removalOf(event), { signal });
    await watched(anEvent({ key: event.key, requestId: 'GONE' }), { signal });

    expect(missing).toEqual([]);
    expect(asked).toEqual([{ people: 10, signal, deadline: 7 }]);
  });

  test('a photo may be in a subfolder of its person', async () => {
    await enrol(await fixture.upload('people/张伟/2026/a.jpg', ANNA));

    expect(await facesOf('张伟')).toHaveLength(1);
  });
});

describe('refused photos', () => {
  const turned = (yaw: number, pitch: number): Partial<Face> => ({ pose: { yaw, pitch, roll: 0 } });

  test.each<[reason: string, answer: (face: Face) => Face[]]>([
    ['no-face', () => []],
    ['several-faces', (face) => [face, face]],
    ['uncertain-face', (face) => [{ ...face, probability: 0.8 }]],
    ['too-small', (face) => [{ ...face, box: { x: 0, y: 0, width: 15, height: 20 } }]],
    ['turned-away', (face) => [{ ...face, ...turned(-41, 0) }]],
    ['turned-away', (face) => [{ ...face, ...turned(0, 41) }]],
    ['low-quality', (face) => [{ ...face, quality: 0.39 }]],
  ])('a photo is refused: %s', async (reason, answer) => {
    fixture = peopleFixture(answer);
    enrol = createEnrolment(fixture.deps);

    const outcome = await enrol(await fixture.upload('people/Anna/1.jpg', ANNA));

    expect(outcome).toMatchObject({ outcome: 'refused', reason });
    expect(enrolmentRecord.parse(await fixture.json(RECORD))).toMatchObject({
      outcome: 'refused',
      refusal: { reason },
    });
    expect(await facesOf('Anna')).toEqual([]);
  });

  test('a photo is refused by the quality that its engine requires', async () => {
    const engine = { ...fixture.engine, enrolQuality: 0.95 };

    const outcome = await createEnrolment({ ...fixture.deps, engine })(
      await fixture.upload('people/Anna/1.jpg', ANNA),
    );

    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'low-quality' });
  });

  test('a photo is refused: blurred', async () => {
    const rules = { ...fixture.deps.rules!, minSharpness: 0.03 };

    const outcome = await createEnrolment({ ...fixture.deps, rules })(
      await fixture.upload('people/Anna/1.jpg', ANNA),
    );

    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'blurred' });
  });

  test('a photo is refused: looks like another person, who is named in the record', async () => {
    await enrol(await fixture.upload('people/Anna/1.jpg', ANNA));

    const outcome = await enrol(await fixture.upload('people/Berta/1.jpg', ANNA_AGAIN));

    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'looks-like-another' });
    expect(await fixture.json('results/people/Berta/1.jpg/enrolment.json')).toMatchObject({
      refusal: { other: 'Anna', message: expect.not.stringContaining('Anna') },
    });
  });

  test("a photo is refused: unlike the person's other photos", async () => {
    await enrol(await fixture.upload('people/Anna/1.jpg', ANNA));

    const outcome = await enrol(await fixture.upload('people/Anna/2.jpg', BERTA));

    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'unlike-others' });
    expect(await facesOf('Anna')).toHaveLength(1);
  });

  test.each([
    ['the gallery lists faces of the person', [], ['1']],
    ['the person is among the nearest', [{ person: 'Anna', id: '1', photo: 'x', similarity: 0.1 }], []],
  ])('a photo is refused as unlike the others when %s', async (_when, candidates, faces) => {
    const gallery = { ...fixture.deps.gallery, search: async () => [candidates], faces: async () => faces };

    const outcome = await createEnrolment({ ...fixture.deps, gallery })(
      await fixture.upload('people/Anna/1.jpg', ANNA),
    );

    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'unlike-others' });
  });

  test('a refused photo is superseded by a later write that is recorded in the meantime', async () => {
    fixture = peopleFixture(() => []);
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    const engine = fakeEngine(async () => {
      await createEnrolment(fixture.deps)(await fixture.upload('people/Anna/1.jpg', ANNA_AGAIN));
      return [];
    });

    const outcome = await createEnrolment({ ...fixture.deps, engine })(event);

    expect(outcome).toMatchObject({ outcome: 'superseded' });
  });

  test('a trusted photo is enrolled although it is unlike the others', async () => {
    await enrol(await fixture.upload('people/Anna/1.jpg', ANNA));

    const event = await fixture.upload('people/Anna/2.jpg', CLARA);
    const outcome = await createEnrolment({ ...fixture.deps, trusted: true })(event);

    expect(outcome.outcome).toBe('enrolled');
  });
});

describe('errors', () => {
  test('a photo that is not an image is recorded as invalid', async () => {
    const { etag, requestId } = await fixture.store.put('people/Anna/1.jpg', Buffer.from('hello'));

    const outcome = await enrol(anEvent({ key: 'people/Anna/1.jpg', etag, requestId }));

    expect(outcome).toMatchObject({ outcome: 'invalid', code: 'InvalidImage' });
    expect(enrolmentRecord.parse(await fixture.json(RECORD))).toMatchObject({
      person: 'Anna',
      error: { code: 'InvalidImage' },
    });
  });

  test('a photo that is too large by its event is recorded without a request for it', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);

    const outcome = await enrol({ ...event, size: 1e9 });

    expect(outcome).toMatchObject({ outcome: 'invalid', code: 'ImageTooLarge' });
    expect(await fixture.json(RECORD)).toMatchObject({ person: 'Anna', error: { code: 'ImageTooLarge' } });
  });

  test('a photo whose key decodes to a folder is recorded as failed', async () => {
    await fixture.upload('people/Anna/1/', ANNA);

    const outcome = await enrol(anEvent({ key: 'people/Anna/1%2F' }));

    expect(outcome).toMatchObject({ outcome: 'failed', code: 'PersonNameInvalid' });
    expect(await fixture.json('results/people/Anna/1%2F/enrolment.json')).toMatchObject({ person: '' });
  });

  test('a photo with an invalid name of a person is recorded as failed', async () => {
    const outcome = await enrol(await fixture.upload('people/ Anna/1.jpg', ANNA));

    expect(outcome).toMatchObject({ outcome: 'failed', code: 'PersonNameInvalid' });
  });

  test('a permanent error of the gallery is recorded as failed', async () => {
    const error = new AppError('GalleryFull', 'five faces are enough');
    const gallery = { ...fixture.deps.gallery, add: async () => [{ error }] };

    const outcome = await createEnrolment({ ...fixture.deps, gallery })(
      await fixture.upload('people/Anna/1.jpg', ANNA),
    );

    expect(outcome).toMatchObject({ outcome: 'failed', code: 'GalleryFull' });
  });

  test('a transient error of the gallery is thrown, and nothing is recorded', async () => {
    const gallery = {
      ...fixture.deps.gallery,
      search: () => Promise.reject(new AppError('ServiceUnavailable', 'planned')),
    };
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);

    await expect(createEnrolment({ ...fixture.deps, gallery })(event)).rejects.toMatchObject({
      code: 'ServiceUnavailable',
    });
    expect(await fixture.keys('results/')).toEqual([]);
  });
});

describe('removals', () => {
  test('the removal of a photo removes its face and its record', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);
    await enrol(await fixture.upload('people/Anna/2.jpg', ANNA_AGAIN));
    await fixture.store.delete(event.key);

    expect(await enrol(removalOf(event))).toMatchObject({ outcome: 'gone', removed: 1 });
    expect(await enrol(removalOf(event))).toMatchObject({ outcome: 'gone', removed: 0 });
    expect(await facesOf('Anna')).toHaveLength(1);
    expect(await fixture.keys('results/')).toEqual(['results/people/Anna/2.jpg/enrolment.json']);
  });

  test('a removal that arrives after the photo was written again leaves its face', async () => {
    const event = await fixture.upload('people/Anna/1.jpg', ANNA);
    await enrol(event);

    expect((await enrol(removalOf(event))).outcome).toBe('superseded');
    expect(await facesOf('Anna')).toHaveLength(1);
  });
});

describe('ignored events', () => {
  test.each([
    ['incoming/a.jpg', 'outside-prefix'],
    ['people/a.jpg', 'no-person'],
    ['people/Anna/', 'folder'],
  ])('an event of %s is ignored by enrolment', async (key, rule) => {
    expect(await enrol(anEvent({ key }))).toMatchObject({ outcome: 'ignored', rule });
  });
});

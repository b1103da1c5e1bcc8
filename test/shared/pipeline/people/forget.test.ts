import { beforeEach, describe, expect, test } from 'vitest';
import { createEnrolment } from '../../../../shared/pipeline/people/enrol.ts';
import { type ForgetDeps, forgetPerson } from '../../../../shared/pipeline/people/forget.ts';
import {
  ANNA,
  aYearOfPhotos,
  everything,
  forgetDepsOf,
  PARTY,
  PARTY_DOCUMENT,
  type PeopleFixture,
  peopleFixture,
  replacingParty,
  watchSignal,
} from './support.ts';

let fixture: PeopleFixture;
let deps: ForgetDeps;

beforeEach(() => {
  fixture = peopleFixture();
  deps = forgetDepsOf(fixture);
});

describe('forgetPerson', () => {
  test('forgetPerson leaves no mention in any object and lists what was removed', async () => {
    await aYearOfPhotos(fixture);

    const report = await forgetPerson('Anna', deps);

    expect(report).toMatchObject({
      photos: ['people/Anna/1.jpg', 'people/Anna/2.jpg'],
      records: ['results/people/Anna/1.jpg/enrolment.json', 'results/people/Anna/2.jpg/enrolment.json'],
      matches: [`${PARTY_DOCUMENT}#0`],
      crops: [`${PARTY}/faces/0.jpg`],
      annotated: [`${PARTY}/annotated.jpg`],
      mentions: ['results/people/Berta/2.jpg/enrolment.json'],
    });
    expect(report.faces).toHaveLength(2);
    for (const [key, bytes] of await everything(fixture)) expect(`${key} ${bytes}`).not.toContain('Anna');
  });

  test('forgetPerson keeps everything about other people', async () => {
    await aYearOfPhotos(fixture);

    await forgetPerson('Anna', deps);

    expect(await fixture.json(PARTY_DOCUMENT)).toMatchObject({
      schemaVersion: 1,
      faces: [
        { match: { unknown: true } },
        { match: { person: 'Berta', confidence: 0.6, level: 'high' }, crop: `${PARTY}/faces/1.jpg` },
        { match: { unknown: true } },
      ],
      artifacts: { redacted: `${PARTY}/redacted.jpg` },
    });
    expect(await fixture.store.head(PARTY_DOCUMENT)).toMatchObject({
      contentType: 'application/json',
      metadata: { 'request-id': 'PARTY' },
    });
    expect(await fixture.deps.gallery.faces('Berta')).toHaveLength(1);
    expect(await fixture.keys('results/')).toContain('results/people/Berta/1.jpg/enrolment.json');
  });

  test('forgetPerson finds nothing the second time', async () => {
    await aYearOfPhotos(fixture);
    await forgetPerson('Anna', deps);
    const before = await everything(fixture);

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
    expect(await everything(fixture)).toEqual(before);
  });

  test('an interrupted forgetPerson is completed by the next run', async () => {
    for (let allowed = 0; ; allowed++) {
      fixture = peopleFixture();
      await aYearOfPhotos(fixture);
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

      for (const [key, bytes] of await everything(fixture)) expect(`${key} ${bytes}`).not.toContain('Anna');
      if (finished) return expect(allowed).toBeGreaterThan(5);
    }
  });

  test('forgetPerson reads a document again that was replaced in the meantime', async () => {
    await aYearOfPhotos(fixture);
    const racing = replacingParty(fixture);

    await forgetPerson('Anna', { ...deps, results: racing });

    expect(await fixture.json(PARTY_DOCUMENT)).toMatchObject({
      later: true,
      faces: [{ match: { unknown: true } }, {}, {}],
    });
  });

  test('forgetPerson finds a document without pictures', async () => {
    const document = {
      source: { bucket: 'photos', key: 'incoming/party.jpg' },
      faces: [{ match: { person: 'Anna' } }],
      artifacts: {},
    };
    await fixture.store.put(PARTY_DOCUMENT, Buffer.from(JSON.stringify(document)));

    const report = await forgetPerson('Anna', deps);

    expect(report).toMatchObject({ matches: [`${PARTY_DOCUMENT}#0`], crops: [], annotated: [] });
    expect(await fixture.json(PARTY_DOCUMENT)).toMatchObject({ faces: [{ match: { unknown: true } }] });
  });

  test('forgetPerson keeps the annotated picture of a document that only names the person as similar', async () => {
    const document = {
      source: { bucket: 'photos', key: 'incoming/party.jpg' },
      refusal: { other: 'Anna' },
      artifacts: { annotated: `${PARTY}/annotated.jpg` },
    };
    await fixture.store.put(PARTY_DOCUMENT, Buffer.from(JSON.stringify(document)));
    await fixture.store.put(`${PARTY}/annotated.jpg`, Buffer.from('picture'));

    const report = await forgetPerson('Anna', deps);

    expect(report).toMatchObject({ annotated: [], mentions: [PARTY_DOCUMENT] });
    expect(await fixture.keys(PARTY)).toContain(`${PARTY}/annotated.jpg`);
  });

  test('forgetPerson removes records that an earlier people prefix left', async () => {
    await aYearOfPhotos(fixture);
    const record = await fixture.json('results/people/Anna/1.jpg/enrolment.json');
    await fixture.store.put('results/team/Anna/1.jpg/enrolment.json', Buffer.from(JSON.stringify(record)));

    const report = await forgetPerson('Anna', deps);

    expect(report.records).toContain('results/team/Anna/1.jpg/enrolment.json');
    expect(await fixture.keys('results/team/')).toEqual([]);
  });

  test('forgetPerson finds results below a prefix that names the bucket', async () => {
    await fixture.store.put('photos/results/people/Anna/1.jpg/old.json', Buffer.from('{}'));

    const { records } = await forgetPerson('Anna', { ...deps, resultPrefix: '{bucket}/results/' });

    expect(records).toEqual(['photos/results/people/Anna/1.jpg/old.json']);
  });

  test('forgetPerson passes its signal to every request', async () => {
    await aYearOfPhotos(fixture);
    const { signal } = new AbortController();
    const missing: string[] = [];
    const store = watchSignal(fixture.store, signal, missing);
    const gallery = watchSignal(deps.gallery, signal, missing);

    await forgetPerson('Anna', { ...deps, gallery, source: store, results: store, signal });

    expect(missing).toEqual([]);
  });

  test('forgetPerson reads each result once when no other write interferes', async () => {
    await aYearOfPhotos(fixture);
    const reads: string[] = [];
    const results = {
      ...fixture.store,
      get(...args: Parameters<typeof fixture.store.get>) {
        reads.push(args[0]);
        return fixture.store.get(...args);
      },
    };

    await forgetPerson('Anna', { ...deps, results });

    expect(reads.filter((key) => key === PARTY_DOCUMENT)).toHaveLength(1);
  });

  test('forgetPerson refuses an empty name', async () => {
    await expect(forgetPerson('', deps)).rejects.toMatchObject({ code: 'PersonNameInvalid' });
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
  for (const [left, bytes] of await everything(fixture)) expect(`${left} ${bytes}`).not.toContain('Anna');
});

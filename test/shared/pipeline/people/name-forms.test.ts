import { beforeEach, describe, expect, test } from 'vitest';
import { createEnrolment } from '../../../../shared/pipeline/people/enrol.ts';
import { type ForgetDeps, forgetPerson } from '../../../../shared/pipeline/people/forget.ts';
import { renamePerson } from '../../../../shared/pipeline/people/rename.ts';
import {
  ANNA,
  ANNA_AGAIN,
  everything,
  forgetDepsOf,
  PARTY_DOCUMENT,
  type PeopleFixture,
  peopleFixture,
  sightingsOf,
} from './support.ts';

let fixture: PeopleFixture;
let deps: ForgetDeps;

beforeEach(() => {
  fixture = peopleFixture();
  deps = forgetDepsOf(fixture);
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
    await fixture.store.put(PARTY_DOCUMENT, Buffer.from(JSON.stringify(document)));
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

    const sightings = await sightingsOf(name, fixture);
    const report = await forgetPerson(name, deps);

    expect(sightings.map(({ face }) => face)).toEqual([0, 1]);
    expect(report).toMatchObject({
      person: COMPOSED,
      matches: [`${PARTY_DOCUMENT}#0`, `${PARTY_DOCUMENT}#1`],
    });
    expect([report.faces.length, report.photos.length, report.records.length]).toEqual([2, 2, 2]);
    for (const [key, bytes] of await everything(fixture))
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
    for (const [key, bytes] of await everything(fixture))
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

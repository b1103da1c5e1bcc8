import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLocalEngine } from '../../../../shared/faces/engines/local/engine.ts';
import { entityIdOf, personOfEntity } from '../../../../shared/faces/gallery/facebody/entity-id.ts';
import { createFaceBodyGallery } from '../../../../shared/faces/gallery/facebody/gallery.ts';
import { addFaceEntity, listFaceEntities } from '../../../../shared/faces/gallery/facebody/operations.ts';
import { createPacing } from '../../../../shared/faces/pacing.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { galleryContract } from '../../../contracts/gallery.ts';
import { type FaceBodyServer, startFaceBody } from '../../../local/facebody/support.ts';
import { blankPicture } from '../../../support/analyze.ts';
import { engineInProcess } from '../../../support/engine-in-process.ts';
import { knownFaces } from '../../../support/known-faces.ts';
import { clientOf } from '../engines/facebody/support.ts';

const inside = engineInProcess(createLocalEngine());
let server: FaceBodyServer;
let known: Awaited<ReturnType<typeof knownFaces>>;

beforeAll(async () => {
  server = await startFaceBody({ engine: inside });
  known = await knownFaces();
});
afterAll(async () => {
  await server.stop();
  await inside.close();
});

const open = () => createFaceBodyGallery({ client: clientOf(server.endpoint), database: 'people' });

galleryContract('createFaceBodyGallery', async () => {
  server.reset();
  const gallery = open();
  return { gallery, close: gallery.close };
});

describe('createFaceBodyGallery', () => {
  beforeEach(() => server.reset());

  const calls = (operation: string) => server.stats()[operation]?.received ?? 0;

  test('all faces of a picture are searched with one call', async () => {
    const gallery = open();
    const { picture } = known.berta;

    await gallery.search(picture, [known.berta.face, known.dora.face], { people: 3 });

    expect(calls('SearchFace')).toBe(1);
  });

  test('a face that the service does not find in the picture is searched alone', async () => {
    const gallery = open();
    const elsewhere = { box: { x: 0, y: 0, width: 50, height: 50 } };

    expect(await gallery.search(blankPicture(), [elsewhere], { people: 3 })).toEqual([[]]);
    expect(calls('SearchFace')).toBe(2);
  });

  test('the first photo of a person is added without a search, which costs money', async () => {
    await open().add('Anna', [{ ...known.anna, photo: 'anna' }]);

    expect(calls('SearchFace')).toBe(0);
    expect(calls('AddFace')).toBe(1);
  });

  test('a person has at most five faces, and the sixth gets an error', async () => {
    const gallery = open();
    const faces = Array.from({ length: 5 }, (_, i) => ({ ...known.anna, photo: `photo-${i}` }));
    await gallery.add('Anna', faces);

    const [sixth] = await gallery.add('Anna', [{ ...known.annaAgain, photo: 'photo-5' }]);

    expect(sixth).toMatchObject({ error: { code: 'GalleryFull' } });
    expect(await gallery.faces('Anna')).toHaveLength(5);
  });

  test('all people are listed when they need several pages', async () => {
    const gallery = open();
    await gallery.add('Anna', [{ ...known.anna, photo: 'anna' }]);
    const client = clientOf(server.endpoint);
    for (let i = 0; i < 205; i++) await client.call(addFaceEntity('people', `a${i}`));
    await gallery.add('Zoë', [{ ...known.clara, photo: 'clara' }]);

    const people = [];
    for await (const { person } of gallery.people()) people.push(person);

    expect(people).toEqual(['Anna', 'Zoë']);
    expect(calls('ListFaceEntities')).toBe(2);
  });

  test('two instances may create the database at the same time', async () => {
    const [one, two] = [open(), open()];

    await Promise.all([one.faces('Anna'), two.faces('Anna')]);

    expect(await one.faces('Anna')).toEqual([]);
  });

  test('the next call creates the database when the first one failed', async () => {
    const gallery = open();
    server.faults.inject('CreateFaceDb', { kind: 'error', code: 'AuthFailed' });
    await expect(gallery.faces('Anna')).rejects.toMatchObject({ code: 'AccessDenied' });

    expect(await gallery.faces('Anna')).toEqual([]);
  });

  test('a removed person leaves no entity', async () => {
    const gallery = open();
    await gallery.add('Anna', [{ ...known.anna, photo: 'anna' }]);
    await gallery.add('张伟', [{ ...known.clara, photo: 'clara' }]);

    await gallery.removePerson('张伟');

    const { entities } = await clientOf(server.endpoint).call(listFaceEntities('people', undefined));
    expect(entities!.map(({ entityId }) => entityId)).toEqual(['Anna']);
  });

  test('a search whose turn leaves no time for an answer is rejected', async () => {
    const clock = manualClock();
    const pacing = createPacing({ clock, random: () => 0, quota: () => 1, marginMs: 0 });
    const client = clientOf(server.endpoint, { clock, pacing });
    const gallery = createFaceBodyGallery({ client, database: 'people' });
    const { picture, face } = known.anna;
    await gallery.search(picture, [face], { people: 1 });

    const second = gallery.search(picture, [face], { people: 1, deadline: clock.monotonic() + 3500 });

    await expect(second).rejects.toMatchObject({ code: 'Throttled', details: { operation: 'SearchFace' } });
    expect(calls('SearchFace')).toBe(1);
  });

  test('the database is created again when another program removed it', async () => {
    const [one, other] = [open(), open()];
    await one.add('Anna', [{ ...known.anna, photo: 'anna' }]);

    await other.clear();

    const { picture, face } = known.anna;
    expect(await one.search(picture, [face], { people: 1 })).toEqual([[]]);
    await other.clear();
    await one.add('Anna', [{ ...known.anna, photo: 'anna' }]);
    expect(await other.faces('Anna')).toHaveLength(1);
  });

  test('the other photos are added when the service rejects one', async () => {
    const gallery = open();
    server.faults.inject('AddFace', { kind: 'error', code: 'InvalidImage.NotFoundFace' });

    const added = await gallery.add('Anna', [
      { ...known.anna, photo: 'anna' },
      { ...known.annaAgain, photo: 'annaAgain' },
    ]);

    expect(added).toMatchObject([{ error: { code: 'InvalidImage' } }, { id: expect.any(String) }]);
  });
});

describe('entity id', () => {
  test.each([
    ['Anna', 'Anna'],
    ['anna-maria-2', 'anna-maria-2'],
    ['张伟', '_5byg5Lyf'],
    ['_x', '_X3g'],
    ['a b', '_YSBi'],
  ])('the person %s is the entity %s, and back', (person, entityId) => {
    expect(entityIdOf(person)).toBe(entityId);
    expect(personOfEntity(entityId)).toBe(person);
  });

  test('a name has at most 47 bytes, or 64 plain letters', () => {
    expect(entityIdOf('é'.repeat(23))).toHaveLength(63);
    expect(entityIdOf('x'.repeat(64))).toBe('x'.repeat(64));
    expect(() => entityIdOf('é'.repeat(24))).toThrow(expect.objectContaining({ code: 'PersonNameInvalid' }));
  });

  test('an entity that another program made is not a person', () => {
    expect(personOfEntity('some_one')).toBeUndefined();
  });
});

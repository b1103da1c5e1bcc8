import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLocalEngine } from '../../../../shared/faces/engines/local/engine.ts';
import { entityIdOf, personOfEntity } from '../../../../shared/faces/gallery/facebody/entity-id.ts';
import { createFaceBodyGallery } from '../../../../shared/faces/gallery/facebody/gallery.ts';
import { addFaceEntity, listFaceEntities } from '../../../../shared/faces/gallery/facebody/operations.ts';
import { createPacing } from '../../../../shared/faces/pacing.ts';
import { engineInProcess } from '../../../../shared/faces/pictures/in-process.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { galleryContract } from '../../../contracts/gallery.ts';
import { type FaceBodyServer, startFaceBody } from '../../../local/facebody/support.ts';
import { blankPicture } from '../../../support/analyze.ts';
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

galleryContract('the gallery in FaceBody', async () => {
  server.reset();
  const gallery = open();
  return { gallery, close: gallery.close };
});

describe('the gallery in FaceBody', () => {
  beforeEach(() => server.reset());

  const calls = (operation: string) => server.stats()[operation]?.received ?? 0;

  it('searches all faces of a picture by one call', async () => {
    const gallery = open();
    const { picture } = known.berta;

    await gallery.search(picture, [known.berta.face, known.dora.face], { people: 3 });

    expect(calls('SearchFace')).toBe(1);
  });

  it('searches alone for a face that the service does not find in the picture', async () => {
    const gallery = open();
    const elsewhere = { box: { x: 0, y: 0, width: 50, height: 50 } };

    expect(await gallery.search(blankPicture(), [elsewhere], { people: 3 })).toEqual([[]]);
    expect(calls('SearchFace')).toBe(2);
  });

  it('adds the first photo of a person without a search, which would be paid for', async () => {
    await open().add('Anna', [{ ...known.anna, photo: 'anna' }]);

    expect(calls('SearchFace')).toBe(0);
    expect(calls('AddFace')).toBe(1);
  });

  it('is full for a person after five faces, and says so of the sixth', async () => {
    const gallery = open();
    const faces = Array.from({ length: 5 }, (_, i) => ({ ...known.anna, photo: `photo-${i}` }));
    await gallery.add('Anna', faces);

    const [sixth] = await gallery.add('Anna', [{ ...known.annaAgain, photo: 'photo-5' }]);

    expect(sixth).toMatchObject({ error: { code: 'GalleryFull' } });
    expect(await gallery.faces('Anna')).toHaveLength(5);
  });

  it('lists more people than one page has', async () => {
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

  it('shares a database with another instance that makes it at the same time', async () => {
    const [one, two] = [open(), open()];

    await Promise.all([one.faces('Anna'), two.faces('Anna')]);

    expect(await one.faces('Anna')).toEqual([]);
  });

  it('makes its database by the next call when the first could not', async () => {
    const gallery = open();
    server.faults.inject('CreateFaceDb', { kind: 'error', code: 'AuthFailed' });
    await expect(gallery.faces('Anna')).rejects.toMatchObject({ code: 'AccessDenied' });

    expect(await gallery.faces('Anna')).toEqual([]);
  });

  it('keeps no entity of a person who was removed', async () => {
    const gallery = open();
    await gallery.add('Anna', [{ ...known.anna, photo: 'anna' }]);
    await gallery.add('张伟', [{ ...known.clara, photo: 'clara' }]);

    await gallery.removePerson('张伟');

    const { entities } = await clientOf(server.endpoint).call(listFaceEntities('people', undefined));
    expect(entities!.map(({ entityId }) => entityId)).toEqual(['Anna']);
  });

  it('searches for nobody when its turn would leave no time for an answer', async () => {
    const clock = manualClock();
    const pacing = createPacing({ clock, random: () => 0, quota: () => 1, marginMs: 0 });
    const client = clientOf(server.endpoint, { clock, pacing });
    const gallery = createFaceBodyGallery({ client, database: 'people' });
    const { picture, face } = known.anna;
    await gallery.search(picture, [face], { people: 1 });

    const second = gallery.search(picture, [face], { people: 1, deadline: clock.now() + 3500 });

    await expect(second).rejects.toMatchObject({ code: 'Throttled', details: { operation: 'SearchFace' } });
    expect(calls('SearchFace')).toBe(1);
  });

  it('makes its database again when somebody else removed it', async () => {
    const [one, other] = [open(), open()];
    await one.add('Anna', [{ ...known.anna, photo: 'anna' }]);

    await other.clear();

    const { picture, face } = known.anna;
    expect(await one.search(picture, [face], { people: 1 })).toEqual([[]]);
    await other.clear();
    await one.add('Anna', [{ ...known.anna, photo: 'anna' }]);
    expect(await other.faces('Anna')).toHaveLength(1);
  });

  it('adds the rest when the service refuses one picture', async () => {
    const gallery = open();
    server.faults.inject('AddFace', { kind: 'error', code: 'InvalidImage.NotFoundFace' });

    const added = await gallery.add('Anna', [
      { ...known.anna, photo: 'anna' },
      { ...known.annaAgain, photo: 'annaAgain' },
    ]);

    expect(added).toMatchObject([{ error: { code: 'InvalidImage' } }, { id: expect.any(String) }]);
  });
});

describe('the entity of a person', () => {
  it.each([
    ['Anna', 'Anna'],
    ['anna-maria-2', 'anna-maria-2'],
    ['张伟', '_5byg5Lyf'],
    ['_x', '_X3g'],
    ['a b', '_YSBi'],
  ])('%s is %s, and back', (person, entityId) => {
    expect(entityIdOf(person)).toBe(entityId);
    expect(personOfEntity(entityId)).toBe(person);
  });

  it('has room for 47 bytes, or 64 plain letters', () => {
    expect(entityIdOf('é'.repeat(23))).toHaveLength(63);
    expect(entityIdOf('x'.repeat(64))).toBe('x'.repeat(64));
    expect(() => entityIdOf('é'.repeat(24))).toThrow(expect.objectContaining({ code: 'PersonNameInvalid' }));
  });

  it('is nobody when somebody else made it', () => {
    expect(personOfEntity('some_one')).toBeUndefined();
  });
});

import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Gallery, NewFace } from '../../shared/faces/gallery/gallery.ts';
import { knownFaces } from '../support/known-faces.ts';

export interface OpenedGallery {
  /** Nobody is in it. */
  readonly gallery: Gallery;
  close(): Promise<void>;
}

/** What every `Gallery` promises. `open` comes with what it needs; the faces are real ones. */
export function galleryContract(name: string, open: () => Promise<OpenedGallery>): void {
  describe(`${name} is a Gallery`, () => {
    const opened: OpenedGallery[] = [];
    /** `anna` and `annaAgain` are one woman in two photos; the others are other women. */
    let known: Awaited<ReturnType<typeof knownFaces>>;

    const prepare = async (): Promise<Gallery> => {
      const one = await open();
      opened.push(one);
      return one.gallery;
    };
    const asNew = (who: keyof typeof known, photo: string = who): NewFace => ({ ...known[who], photo });
    const searchFor = async (gallery: Gallery, who: keyof typeof known, people = 5) => {
      const { picture, face } = known[who];
      const [candidates] = await gallery.search(picture, [face], { people });
      return candidates!;
    };
    const peopleOf = async (gallery: Gallery) => {
      const entries = [];
      for await (const entry of gallery.people()) entries.push(entry);
      return entries;
    };

    beforeAll(async () => {
      known = await knownFaces();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    test(`${name} is empty at first`, async () => {
      const gallery = await prepare();

      expect(await searchFor(gallery, 'anna')).toEqual([]);
      expect(await peopleOf(gallery)).toEqual([]);
      expect(await gallery.faces('Anna')).toEqual([]);
    });

    test(`${name} scores an enrolled person above the match threshold and strangers below`, async () => {
      const gallery = await prepare();
      await gallery.add('Berta', [asNew('berta')]);
      const [added] = await gallery.add('Anna', [asNew('anna')]);

      const again = await searchFor(gallery, 'annaAgain');
      const stranger = await searchFor(gallery, 'clara');

      expect(again.map(({ person }) => person)).toEqual(['Anna', 'Berta']);
      expect(again[0]).toMatchObject({ photo: 'anna', ...added });
      expect(again[0]!.similarity).toBeGreaterThanOrEqual(gallery.thresholds.match);
      expect(again[1]!.similarity).toBeLessThan(gallery.thresholds.match);
      for (const { similarity } of stranger) expect(similarity).toBeLessThan(gallery.thresholds.match);
    });

    test(`${name} takes the composed and the decomposed form of a name for one person`, async () => {
      const gallery = await prepare();
      const [composed, decomposed] = ['Jos\u00e9', 'Jose\u0301'];
      await gallery.add(decomposed, [asNew('anna')]);
      await gallery.add(composed, [asNew('annaAgain')]);

      const people = await peopleOf(gallery);
      const found = await searchFor(gallery, 'anna');
      const faces = await gallery.faces(decomposed);
      const removed = await gallery.removeFace(decomposed, faces[0]!);
      const last = await gallery.removePerson(decomposed);

      expect(people).toEqual([{ person: composed, faces: 2 }]);
      expect(found.map(({ person }) => person)).toEqual([composed]);
      expect([faces.length, removed, last.length]).toEqual([2, true, 1]);
      expect(await peopleOf(gallery)).toEqual([]);
    });

    test(`${name} has thresholds in the order of their strictness`, async () => {
      const { plausible, match, high } = (await prepare()).thresholds;

      expect(plausible).toBeLessThan(match);
      expect(match).toBeLessThan(high);
    });

    test(`${name} answers for each face, in order`, async () => {
      const gallery = await prepare();
      await gallery.add('Berta', [asNew('berta')]);
      await gallery.add('Dora', [asNew('dora')]);
      const { picture } = known.berta;
      const faces = [known.dora.face, known.berta.face];

      const both = await gallery.search(picture, faces, { people: 1 });
      const none = await gallery.search(picture, [], { people: 1 });

      expect(both.map(([first]) => first?.person)).toEqual(['Dora', 'Berta']);
      expect(none).toEqual([]);
    });

    test(`${name} returns each person once, by the nearest face, and at most as many as requested`, async () => {
      const gallery = await prepare();
      await gallery.add('Anna', [asNew('anna'), asNew('annaAgain')]);
      await gallery.add('Berta', [asNew('berta')]);

      const all = await searchFor(gallery, 'annaAgain');
      const one = await searchFor(gallery, 'annaAgain', 1);

      expect(all.map(({ person, photo }) => [person, photo])).toEqual([
        ['Anna', 'annaAgain'],
        ['Berta', 'berta'],
      ]);
      expect(all[0]!.similarity).toBeGreaterThan(0.9);
      expect(one).toEqual([all[0]]);
    });

    test(`${name} lists people in order, with their faces`, async () => {
      const gallery = await prepare();
      const [first] = await gallery.add('Clara', [asNew('clara')]);
      const added = await gallery.add('Anna', [asNew('anna'), asNew('annaAgain')]);

      expect(await peopleOf(gallery)).toEqual([
        { person: 'Anna', faces: 2 },
        { person: 'Clara', faces: 1 },
      ]);
      expect((await gallery.faces('Anna')).map((id) => ({ id }))).toEqual(
        expect.arrayContaining(added as { id: string }[]),
      );
      expect((await gallery.faces('Clara')).map((id) => ({ id }))).toEqual([first]);
    });

    test(`${name} adds a photo once, however often it is added`, async () => {
      const gallery = await prepare();

      const first = await gallery.add('Anna', [asNew('anna')]);
      const second = await gallery.add('Anna', [asNew('anna')]);

      expect(second).toEqual(first);
      expect(await gallery.faces('Anna')).toHaveLength(1);
    });

    test(`${name} removes one face`, async () => {
      const gallery = await prepare();
      const [first, second] = (await gallery.add('Anna', [asNew('anna'), asNew('annaAgain')])) as {
        id: string;
      }[];

      expect(await gallery.removeFace('Anna', first!.id)).toBe(true);
      expect(await gallery.removeFace('Anna', first!.id)).toBe(false);

      expect(await gallery.faces('Anna')).toEqual([second!.id]);
      expect((await searchFor(gallery, 'anna'))[0]).toMatchObject({ person: 'Anna', photo: 'annaAgain' });
    });

    test(`${name} forgets a person whose last face is removed`, async () => {
      const gallery = await prepare();
      const [added] = (await gallery.add('Anna', [asNew('anna')])) as { id: string }[];

      await gallery.removeFace('Anna', added!.id);

      expect(await peopleOf(gallery)).toEqual([]);
      expect(await gallery.removePerson('Anna')).toEqual([]);
    });

    test(`${name} removes a person, who can be enrolled again with the same photo`, async () => {
      const gallery = await prepare();
      await gallery.add('Berta', [asNew('berta')]);
      const added = (await gallery.add('Anna', [asNew('anna'), asNew('annaAgain')])) as { id: string }[];

      const removed = await gallery.removePerson('Anna');
      const twice = await gallery.removePerson('Anna');

      expect(removed.sort()).toEqual(added.map(({ id }) => id).sort());
      expect(twice).toEqual([]);
      expect(await peopleOf(gallery)).toEqual([{ person: 'Berta', faces: 1 }]);

      await gallery.add('Anna', [asNew('anna')]);

      expect((await searchFor(gallery, 'anna'))[0]).toMatchObject({ person: 'Anna', photo: 'anna' });
    });

    test(`${name} is empty and usable after it is cleared`, async () => {
      const gallery = await prepare();
      await gallery.add('Anna', [asNew('anna')]);

      await gallery.clear();
      expect(await peopleOf(gallery)).toEqual([]);

      await gallery.add('Anna', [asNew('anna')]);
      expect(await peopleOf(gallery)).toEqual([{ person: 'Anna', faces: 1 }]);
    });

    test.each(['张伟', 'Zoë O’Neil', '_x', 'a b', 'ANNA', 'a+b%20c'])(
      `${name} keeps the name %s`,
      async (person) => {
        const gallery = await prepare();
        await gallery.add(person, [asNew('anna')]);

        expect(await peopleOf(gallery)).toEqual([{ person, faces: 1 }]);
        expect((await searchFor(gallery, 'anna'))[0]?.person).toBe(person);
      },
    );

    test.each(['', 'a/b', '..', ' a', 'a\u0000', 'é'.repeat(65)])(
      `${name} rejects the name %j`,
      async (person) => {
        const gallery = await prepare();

        await expect(gallery.add(person, [asNew('anna')])).rejects.toMatchObject({
          code: 'PersonNameInvalid',
        });
      },
    );
  });
}

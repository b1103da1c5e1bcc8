import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Gallery } from '../../../../shared/faces/gallery/gallery.ts';
import { createOssGallery } from '../../../../shared/faces/gallery/oss/gallery.ts';
import type { ObjectStore } from '../../../../shared/oss/object-store.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { seededRandom } from '../../../../shared/runtime/random.ts';
import { interleaved } from '../../../support/interleaved-store.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { aNewFace, embedderOf } from './support.ts';

type Command =
  | { readonly do: 'add' | 'remove'; readonly person: number; readonly photo: number }
  | { readonly do: 'forget'; readonly person: number };

const person = fc.nat(1);
const photo = fc.nat(3);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('add' as const), person, photo }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), person, photo }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), person }) },
);

/** Does what the commands say, to a gallery and to a model of it, and compares after each. */
async function run(
  gallery: Gallery,
  writer: number,
  commands: readonly Command[],
  model: Map<string, Set<string>>,
) {
  for (const step of commands) {
    const name = `writer-${writer}-person-${step.person}`;
    const faces = model.get(name) ?? new Set<string>();
    model.set(name, faces);
    if (step.do === 'add') {
      await gallery.add(name, [aNewFace(`${step.photo}`, [1, 0, 0, 0])]);
      faces.add(`${step.photo}`);
    } else if (step.do === 'remove') {
      expect(await gallery.removeFace(name, `${step.photo}`)).toBe(faces.delete(`${step.photo}`));
    } else {
      expect(await gallery.removePerson(name)).toEqual([...faces].sort());
      faces.clear();
    }
    expect(await gallery.faces(name)).toEqual([...faces].sort());
  }
}

test('the gallery contains what several writers did, however their requests and merges interleave', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer(),
      fc.array(fc.array(command, { minLength: 2, maxLength: 8, size: 'max' }), {
        minLength: 2,
        maxLength: 3,
      }),
      async (scheduler, seed, writers) => {
        const clock = manualClock();
        const store = createMemoryStore({ clock });
        const random = seededRandom(seed);
        let ids = 0;
        const open = (through: ObjectStore) =>
          createOssGallery({
            store: through,
            prefix: 'gallery/',
            embedder: embedderOf(4),
            clock,
            // Unique and unordered, like names of writers whose clocks differ.
            newId: () => `${(++ids * 7919) % 1_000_003}`.padStart(7, '0'),
            logger: silentLogger,
            maxSegments: 1,
          });
        const model = new Map<string, Set<string>>();
        const galleries = writers.map(() => open(interleaved(store, scheduler, random)));

        // All of them add the same face at the same time, and one of them removes it while the others go on.
        const shared = aNewFace('shared', [0, 1, 0, 0]);
        await scheduler.waitFor(Promise.all(galleries.map((gallery) => gallery.add('everybody', [shared]))));
        await scheduler.waitFor(
          Promise.all([
            open(interleaved(store, scheduler, random)).removeFace('everybody', 'shared'),
            ...writers.map((commands, writer) => run(galleries[writer]!, writer, commands, model)),
          ]),
        );

        const fresh = open(store);
        const people: string[] = [];
        for await (const entry of fresh.people()) people.push(entry.person);
        expect(people).toEqual(
          [...model]
            .filter(([, faces]) => faces.size > 0)
            .map(([name]) => name)
            .sort(),
        );
        for (const [name, faces] of model) expect(await fresh.faces(name)).toEqual([...faces].sort());
      },
    ),
    { numRuns: 100 },
  );
});

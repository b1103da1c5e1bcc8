import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createGalleries,
  type Galleries,
  type GalleryChange,
} from '../../../local/facebody/store/galleries.ts';
import { type Clock, manualClock } from '../../../shared/runtime/clock.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';

const DBS = ['one', 'two'];
const ENTITIES = ['anna', 'berta', 'clara'];

const step = fc.record({
  what: fc.constantFrom('make', 'drop', 'entity', 'label', 'forget', 'face', 'face', 'face', 'unface'),
  db: fc.constantFrom(...DBS),
  entity: fc.constantFrom(...ENTITIES),
  value: fc.float({ min: -1, max: 1, noNaN: true }),
});

function open(keep: (change: GalleryChange) => void, clock: Clock = manualClock()): Galleries {
  return createGalleries({
    clock,
    random: seededRandom(1),
    confidence: (score) => score,
    limits: { facesPerDb: 5, facesPerEntity: 3, facesPerAccount: 8 },
    keep: async (change) => keep(change),
  });
}

/** Everything that can be asked of them. */
function stateOf(galleries: Galleries) {
  return galleries.dbNames().map((db) => [db, galleries.entities(db)]);
}

test('a face that was deleted after years is deleted again when the journal is replayed', async () => {
  const clock = manualClock();
  const happened: GalleryChange[] = [];
  const galleries = open((change) => happened.push(change), clock);
  await galleries.createDb('one');
  await galleries.addEntity('one', 'anna', '');
  const guards = { extraData: undefined, within: 0, between: 0 };
  const { faceId } = await galleries.addFace('one', 'anna', Float32Array.of(1), guards);
  await clock.advance(182 * 24 * 3600 * 1000);
  await galleries.deleteFace('one', faceId);
  await clock.advance(24 * 3600 * 1000);

  const again = open(() => {}, clock);
  for (const change of happened) again.replay(change);

  expect(again.entity('one', 'anna').faces).toEqual([]);
});

test('the changes of a database and the summary of its history lead to the same state', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const happened: GalleryChange[] = [];
      const galleries = open((change) => happened.push(change));
      const guards = { extraData: 'photo', within: 0, between: 0 };
      for (const { what, db, entity, value } of steps) {
        const work = {
          make: () => galleries.createDb(db),
          drop: () => galleries.deleteDb(db),
          entity: () => galleries.addEntity(db, entity, ''),
          label: () => galleries.updateEntity(db, entity, 'x'),
          forget: () => galleries.deleteEntity(db, entity),
          face: () => galleries.addFace(db, entity, Float32Array.of(value), guards),
          unface: async () => {
            const [face] = galleries.entity(db, entity).faces;
            await galleries.deleteFace(db, face?.faceId ?? 'none');
          },
        }[what];
        // Refusals change nothing.
        await work?.().catch(() => {});
      }

      const again = open(() => {});
      for (const change of happened) again.replay(change);
      const summarized = open(() => {});
      for (const change of galleries.history()) summarized.replay(change);

      expect(stateOf(again)).toEqual(stateOf(galleries));
      expect(stateOf(summarized)).toEqual(stateOf(galleries));
    }),
  );
});

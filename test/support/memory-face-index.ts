import type { FaceIndex } from '../../shared/faces/index/face-index.ts';
import { createPictureTable, type EmbedderId, entryOf } from '../../shared/faces/index/picture-table.ts';
import { createStamps } from '../../shared/faces/index/stamps.ts';
import type { Clock } from '../../shared/runtime/clock.ts';

/** Sightings in the memory of this process. They are gone when it ends. */
export function createMemoryFaceIndex(embedder: EmbedderId, { clock }: { clock: Clock }): FaceIndex {
  let table = createPictureTable(embedder);
  const newStamp = createStamps(clock, () => '');

  return {
    name: 'memory',
    async put(write, faces) {
      table.apply(entryOf(write, faces, newStamp(), embedder));
    },
    async remove(object) {
      table.apply(entryOf({ ...object, requestId: '' }, [], newStamp(), embedder));
    },
    async erase() {},
    search: (probes, options) => table.search(probes, options),
    async *all() {
      yield* table.all();
    },
    async sightings(object) {
      return table.sightings(object);
    },
    async count() {
      return table.count;
    },
    async clear() {
      await table.close();
      table = createPictureTable(embedder);
    },
    close: () => table.close(),
  };
}

import type fc from 'fast-check';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import type { Random } from '../../shared/runtime/random.ts';

/**
 * Every request waits until the scheduler lets it go, so that requests of several writers interleave in any way. Some wait
 * for so long that the others finish all they do, and their merges too.
 */
export function interleaved(store: ObjectStore, scheduler: fc.Scheduler, random: Random): ObjectStore {
  const turn = async () => {
    const turns = random() < 0.04 ? 80 : 1;
    for (let i = 0; i < turns; i++) await scheduler.schedule(Promise.resolve());
  };
  return {
    ...store,
    async put(...args) {
      await turn();
      return store.put(...args);
    },
    async get(...args) {
      await turn();
      return store.get(...args);
    },
    async delete(...args) {
      await turn();
      return store.delete(...args);
    },
    async *list(...args) {
      await turn();
      for await (const entry of store.list(...args)) {
        yield entry;
        await turn();
      }
    },
  };
}

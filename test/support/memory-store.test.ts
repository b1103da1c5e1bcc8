import { systemClock } from '../../shared/runtime/clock.ts';
import { objectStoreContract } from '../contracts/object-store.ts';
import { createMemoryStore } from './memory-store.ts';

objectStoreContract('the memory store', async () => {
  return { store: createMemoryStore({ clock: systemClock }), close: async () => {} };
});

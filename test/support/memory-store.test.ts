import { systemClock } from '../../shared/runtime/clock.ts';
import { objectStoreContract } from '../contracts/object-store.ts';
import { createMemoryStore } from './memory-store.ts';

objectStoreContract('the memory store', async () => {
  const store = createMemoryStore({ clock: systemClock });
  return { store, close: store.close };
});

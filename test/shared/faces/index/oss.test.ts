import { createOssFaceIndex } from '../../../../shared/faces/index/oss/face-index.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { faceIndexContract } from '../../../contracts/face-index.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { EMBEDDER } from './support.ts';

faceIndexContract('the index in OSS', async () => {
  const clock = manualClock();
  let ids = 0;
  const index = createOssFaceIndex({
    store: createMemoryStore({ clock }),
    prefix: 'index/',
    embedder: EMBEDDER,
    clock,
    logger: silentLogger,
    newId: () => `${ids++}`,
  });
  return { index, close: () => index.close() };
});

import { manualClock } from '../../../../shared/runtime/clock.ts';
import { faceIndexContract } from '../../../contracts/face-index.ts';
import { createMemoryFaceIndex } from '../../../support/memory-face-index.ts';
import { EMBEDDER } from './support.ts';

faceIndexContract('the index in memory', async () => {
  const index = createMemoryFaceIndex(EMBEDDER, { clock: manualClock() });
  return { index, close: () => index.close() };
});

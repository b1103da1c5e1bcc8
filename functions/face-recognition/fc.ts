import { systemClock } from '../../shared/runtime/clock.ts';
import { createFaceRecognition } from './function.ts';

/** Function Compute's managed Node runtime: `index.handler`, `index.initialize` and `index.preStop`. */
export const { handler, initialize, preStop } = createFaceRecognition({
  env: process.env,
  clock: systemClock,
  random: Math.random,
});

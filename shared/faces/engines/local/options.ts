import * as z from 'zod/mini';
import { defineOptions, integer, oneOf } from '../../../runtime/options.ts';
import { EMBEDDER_NAMES } from './embedders.ts';

/** What the engine `local` needs to know. */
export const LOCAL_ENGINE_OPTIONS = defineOptions({
  embedder: {
    env: 'EMBEDDER',
    schema: oneOf(...EMBEDDER_NAMES),
    default: 'mobilefacenet' as const,
    unit: '`mobilefacenet` or `dlib`',
    about:
      'What tells people apart: the better network, of unknown training data, or one whose weights are in the public domain. Each has thresholds of its own, and a gallery keeps to the one that made it: after a change everybody is enrolled again from their photos.',
  },
  engineWorkers: {
    env: 'ENGINE_WORKERS',
    schema: z.optional(integer(0, 64)) as z.ZodMiniType<number | undefined, unknown>,
    unit: 'threads, 0–64',
    about:
      "Pictures that are looked at side by side, each on a thread with networks of its own (about 90 MB). 0 looks at one after another on the program's own thread, which it blocks meanwhile. Default: one a core as far as memory allows, at most 8, for `npm start` and the HTTP server; 0 in a managed runtime, where an instance has one picture at a time.",
  },
  engineQueue: {
    env: 'ENGINE_QUEUE',
    schema: integer(0, 1000),
    default: 16,
    unit: 'pictures, 0–1,000',
    about:
      'Decoded pictures that may wait for a thread, each up to 11 MB with the default `RASTER_SIDE`. One more is sent back as `Throttled` and waits in its queue.',
  },
});

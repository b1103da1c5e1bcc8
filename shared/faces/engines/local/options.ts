import { defineOptions, integer, oneOf, optional } from '../../../runtime/options.ts';
import { EMBEDDER_NAMES } from './embedders.ts';

/** Options of the engine `local`. */
export const LOCAL_ENGINE_OPTIONS = defineOptions({
  embedder: {
    env: 'EMBEDDER',
    ...oneOf(...EMBEDDER_NAMES),
    default: 'mobilefacenet',
    about:
      'The network that distinguishes people: the better one, with unknown training data, or one with weights in the public domain. Each has its own thresholds, and a gallery works only with the network that made it: after a change, enrol all people again from their photos.',
  },
  engineWorkers: {
    env: 'ENGINE_WORKERS',
    ...optional(integer('threads', 0, 64)),
    about:
      "Number of pictures that are analyzed in parallel, each on a thread with its own networks (about 90 MB). With 0, pictures are analyzed one by one on the program's main thread, which is blocked meanwhile. Default: one per core as far as memory allows, at most 8, for `npm start` and the HTTP server; 0 in a managed runtime, where an instance processes one picture at a time.",
  },
  engineQueue: {
    env: 'ENGINE_QUEUE',
    ...integer('pictures', 0, 1000),
    default: 16,
    about:
      'Number of decoded pictures that may wait for a thread, each up to 11 MB with the default `RASTER_SIDE`. One more is rejected as `Throttled` and stays in its queue.',
  },
});

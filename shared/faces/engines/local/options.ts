import { defineOptions, oneOf } from '../../../runtime/options.ts';
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
});

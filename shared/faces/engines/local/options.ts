import { defineOptions, oneOf } from '../../../runtime/options.ts';
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
});

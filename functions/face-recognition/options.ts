import * as z from 'zod/mini';
import {
  defineOptions,
  flag,
  integer,
  LOG_LEVEL,
  type OptionsOf,
  text,
} from '../../shared/runtime/options.ts';

/** What the function needs besides the options of one image, in `shared/pipeline/options.ts`. */
export const FACE_RECOGNITION_OPTIONS = defineOptions({
  region: {
    env: 'REGION',
    aliases: ['FC_REGION'],
    schema: text,
    unit: 'region, e.g. `cn-hangzhou`',
    about: 'Of buckets whose events do not tell it. Function Compute sets `FC_REGION`.',
  },
  ossEndpoint: {
    env: 'OSS_ENDPOINT',
    schema: z.optional(text),
    unit: 'http(s)://host[:port]',
    about: "Where OSS answers. Default: the bucket's region, over HTTPS.",
  },
  ossInternal: {
    env: 'OSS_INTERNAL',
    schema: flag,
    default: false,
    unit: 'true or false',
    about:
      "Whether to take the address within Alibaba Cloud's network: nothing is paid for the traffic, and buckets of other regions cannot be reached.",
  },
  ossTimeoutSeconds: {
    env: 'OSS_TIMEOUT_SECONDS',
    schema: integer(1, 300),
    default: 15,
    unit: 'seconds, 1–300',
    about: 'A request to OSS on which nothing moves for so long is repeated, up to two times.',
  },
  recordConcurrency: {
    env: 'RECORD_CONCURRENCY',
    schema: integer(1, 64),
    default: 4,
    unit: 'images, 1–64',
    about: 'Images of one batch that are worked on at once; each is in memory as a whole.',
  },
  port: {
    env: 'FC_SERVER_PORT',
    aliases: ['FC_CUSTOM_LISTEN_PORT', 'PORT'],
    schema: integer(0, 65_535),
    default: 9000,
    unit: 'port, 0 = any',
    about: 'Of the custom runtime and the container; a managed runtime does not listen.',
  },
  logLevel: LOG_LEVEL,
});

export type FaceRecognitionOptions = OptionsOf<typeof FACE_RECOGNITION_OPTIONS>;

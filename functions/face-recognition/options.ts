import { OSS_OPTIONS } from '../../shared/pipeline/compose/oss-options.ts';
import { defineOptions, integer, type OptionsOf, oneOf } from '../../shared/runtime/options.ts';

/** The options of the function besides those of one picture, in `shared/pipeline/options.ts`. */
export const FACE_RECOGNITION_OPTIONS = defineOptions({
  ...OSS_OPTIONS,
  recordConcurrency: {
    env: 'RECORD_CONCURRENCY',
    schema: integer(1, 64),
    default: 4,
    unit: 'images, 1–64',
    about: 'Images of one batch that are processed in parallel; each is kept in memory as a whole.',
  },
  port: {
    env: 'FC_SERVER_PORT',
    aliases: ['FC_CUSTOM_LISTEN_PORT', 'PORT'],
    schema: integer(0, 65_535),
    default: 9000,
    unit: 'port, 0 = any',
    about: 'The port of the custom runtime and the container; a managed runtime does not listen.',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    schema: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info' as const,
    unit: 'debug, info, warn, error or silent',
    about: 'Lines below this level are not written.',
  },
});

export type FaceRecognitionOptions = OptionsOf<typeof FACE_RECOGNITION_OPTIONS>;

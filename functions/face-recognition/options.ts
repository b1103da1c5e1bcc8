import { OSS_OPTIONS } from '../../shared/pipeline/compose/oss-options.ts';
import { defineOptions, integer, LOG_LEVEL, type OptionsOf, port } from '../../shared/runtime/options.ts';

/** The options of the function besides those of one picture, in `shared/pipeline/options.ts`. */
export const FACE_RECOGNITION_OPTIONS = defineOptions({
  ...OSS_OPTIONS,
  recordConcurrency: {
    env: 'RECORD_CONCURRENCY',
    ...integer('images', 1, 64),
    default: 4,
    about: 'Images of one batch that are processed in parallel; each is kept in memory as a whole.',
  },
  port: {
    env: 'FC_SERVER_PORT',
    aliases: ['FC_CUSTOM_LISTEN_PORT', 'PORT'],
    ...port,
    default: 9000,
    about: 'The port of the custom runtime and the container; a managed runtime does not listen.',
  },
  logLevel: LOG_LEVEL,
});

export type FaceRecognitionOptions = OptionsOf<typeof FACE_RECOGNITION_OPTIONS>;

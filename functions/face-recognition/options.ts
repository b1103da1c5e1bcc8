import { OSS_OPTIONS } from '../../shared/pipeline/compose/oss-options.ts';
import {
  defineOptions,
  integer,
  LOG_LEVEL,
  type OptionsOf,
  optional,
  port,
  text,
} from '../../shared/runtime/options.ts';
import { sourceBuckets } from './sources.ts';

/** The options of the function besides those of one picture, in `shared/pipeline/options.ts`. */
export const FACE_RECOGNITION_OPTIONS = defineOptions({
  ...OSS_OPTIONS,
  sourceBuckets: {
    env: 'SOURCE_BUCKETS',
    schema: sourceBuckets,
    default: [],
    unit: 'comma-separated: `<bucket>` or `acs:oss:<region>:<account>:<bucket>`, with `*` for any region or account',
    about:
      'Buckets whose events are processed. Events of others are refused with `SourceRefused`. Default: every bucket; the receiver of CloudEvents demands the setting unless `OIDC_AUDIENCE` is set.',
  },
  deadLetters: {
    env: 'DEAD_LETTERS',
    ...optional(
      text(
        '`mns:<queue>` or `oss://<bucket>/<prefix>`',
        /^(mns:[A-Za-z0-9][A-Za-z0-9-]{0,254}|oss:\/\/[a-z0-9-]{3,63}\/.*)$/,
      ),
    ),
    about:
      'On Function Compute: where parts of an event go that are unreadable or refused. Without it, the invocation fails, and Function Compute sends the whole event to the destination of failed invocations.',
  },
  mnsEndpoint: {
    env: 'MNS_ENDPOINT',
    ...optional(text('URL')),
    about:
      'Address of MNS, for `DEAD_LETTERS=mns:…`. Default: `https://<FC_ACCOUNT_ID>.mns.<region>.aliyuncs.com`.',
  },
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

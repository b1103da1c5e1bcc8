import * as z from 'zod/mini';
import type { AttributeName } from '../faces/face.ts';
import { MAX_KEY_BYTES } from '../oss/limits.ts';
import { AppError } from '../runtime/errors.ts';
import {
  defineOptions,
  flag,
  integer,
  listOf,
  type OptionsOf,
  oneOf,
  readOptions,
} from '../runtime/options.ts';

const ATTRIBUTES = [
  'age',
  'gender',
  'expression',
  'glasses',
  'hat',
  'mask',
] as const satisfies AttributeName[];

/** Everything that configures what happens to one image. */
export const PIPELINE_OPTIONS = defineOptions({
  sourcePrefix: {
    env: 'SOURCE_PREFIX',
    schema: z.optional(z.string().check(z.maxLength(MAX_KEY_BYTES))),
    unit: 'key prefix',
    about:
      'Only objects below it are processed. The event rule should name the same prefix. Default: `incoming/`, or the whole bucket when the result prefix comes from `UPLOAD_OSS_PATH`.',
  },
  sourceSuffixes: {
    env: 'SOURCE_SUFFIXES',
    schema: listOf(z.string()),
    default: [] as string[],
    unit: 'comma-separated key endings, e.g. `.jpg,.png`',
    about: 'Only objects that end in one of them are processed, in any case of letters; empty: all.',
  },
  resultBucket: {
    env: 'RESULT_BUCKET',
    schema: z.optional(z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/))),
    unit: 'bucket name',
    about: 'Where results go. Default: the bucket of the image.',
  },
  resultPrefix: {
    env: 'RESULT_PREFIX',
    aliases: ['UPLOAD_OSS_PATH'],
    schema: z.string().check(z.regex(/^[^/\\][^\\]{0,255}$/)),
    default: 'results/',
    unit: 'key prefix; `{bucket}` stands for the source bucket',
    about: 'Results of `<key>` lie at `<prefix><key>/`. It must lie outside the watched prefix.',
  },
  attributes: {
    env: 'ATTRIBUTES',
    schema: z.union([
      z.pipe(
        z.literal('none'),
        z.transform((): AttributeName[] => []),
      ),
      listOf(z.enum(ATTRIBUTES)),
    ]) as z.ZodMiniType<AttributeName[], unknown>,
    default: [...ATTRIBUTES] as AttributeName[],
    unit: `comma-separated: ${ATTRIBUTES.join(', ')}; or \`none\``,
    about: 'What is found out about a face and written to results. With `none` faces are only found.',
  },
  pose: {
    env: 'POSE',
    schema: flag,
    default: true,
    unit: 'true or false',
    about: 'Whether results tell where a face looks.',
  },
  quality: {
    env: 'QUALITY',
    schema: flag,
    default: true,
    unit: 'true or false',
    about: 'Whether results tell how well a face can be recognised.',
  },
  landmarks: {
    env: 'LANDMARKS',
    schema: flag,
    default: false,
    unit: 'true or false',
    about: "Whether results hold the engine's full list of points; it makes them several times larger.",
  },
  annotate: {
    env: 'ANNOTATE',
    schema: flag,
    default: true,
    unit: 'true or false',
    about: 'Whether the picture with boxes, labels and banner is written.',
  },
  crops: {
    env: 'CROPS',
    schema: flag,
    default: true,
    unit: 'true or false',
    about: 'Whether each face is written as a picture of its own.',
  },
  redact: {
    env: 'REDACT',
    schema: flag,
    default: false,
    unit: 'true or false',
    about: 'Whether a picture with unrecognisable faces is written.',
  },
  removeResults: {
    env: 'REMOVE_RESULTS',
    schema: flag,
    default: true,
    unit: 'true or false',
    about: 'Whether the results of an object go when an `ObjectRemoved` event says that the object went.',
  },
  maxBytes: {
    env: 'MAX_BYTES',
    schema: integer(1024, 1_073_741_824),
    default: 33_554_432,
    unit: 'bytes, 1,024–1,073,741,824',
    about: 'Larger objects are `invalid` and are not fetched. An image is held in memory whole.',
  },
  maxPixels: {
    env: 'MAX_PIXELS',
    schema: integer(1024, 1_000_000_000),
    default: 100_000_000,
    unit: 'pixels, 1,024–1,000,000,000',
    about: 'Larger pictures are `invalid` and are not decoded.',
  },
  maxSide: {
    env: 'MAX_SIDE',
    schema: integer(320, 65_535),
    default: 30_000,
    unit: 'pixels, 320–65,535',
    about: 'Pictures with a longer side are `invalid` and are not decoded.',
  },
  rasterSide: {
    env: 'RASTER_SIDE',
    schema: integer(320, 8192),
    default: 1920,
    unit: 'pixels, 320–8,192',
    about:
      'Longest side of the pixels that are worked on and of the annotated picture. More finds smaller faces and costs time and memory with its square.',
  },
  decodeTimeoutSeconds: {
    env: 'DECODE_TIMEOUT_SECONDS',
    schema: integer(1, 600),
    default: 20,
    unit: 'seconds, 1–600',
    about: 'A picture that takes longer to decode is `invalid`.',
  },
  engine: {
    env: 'ENGINE',
    schema: oneOf('local', 'facebody'),
    default: 'local' as const,
    unit: '`local` or `facebody`',
    about:
      "What finds the faces: networks in this process, or Alibaba Cloud's service, which is paid by the call and knows its own quota.",
  },
});

export type PipelineOptions = Omit<OptionsOf<typeof PIPELINE_OPTIONS>, 'sourcePrefix'> & {
  readonly sourcePrefix: string;
};

/** Reads and cross-checks the options. Throws `ConfigInvalid` or `LoopRefused`. */
export function readPipelineOptions(
  env: NodeJS.ProcessEnv,
  flags?: Readonly<Record<string, string | undefined>>,
): PipelineOptions {
  const options = readOptions(PIPELINE_OPTIONS, env, flags);
  // The original sample watched the whole bucket and skipped its own results, so its settings go on doing that.
  const legacy = !flags?.resultPrefix && !env.RESULT_PREFIX && Boolean(env.UPLOAD_OSS_PATH);
  const resolved = {
    ...options,
    resultPrefix: options.resultPrefix.endsWith('/') ? options.resultPrefix : `${options.resultPrefix}/`,
    sourcePrefix: options.sourcePrefix ?? (legacy ? '' : 'incoming/'),
  };
  if (!legacy) refuseLoop(resolved);
  return resolved;
}

/** Results below the watched prefix would trigger the function again, for ever. */
function refuseLoop({ sourcePrefix, resultPrefix, resultBucket }: PipelineOptions): void {
  if (resultBucket !== undefined || !resultPrefix.startsWith(sourcePrefix)) return;
  throw new AppError(
    'LoopRefused',
    `results at ${JSON.stringify(resultPrefix)} lie below the watched prefix ${JSON.stringify(sourcePrefix)}: ` +
      'set RESULT_PREFIX to a prefix outside it, or RESULT_BUCKET to another bucket',
  );
}

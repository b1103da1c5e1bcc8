import * as z from 'zod/mini';
import type { AttributeName } from '../faces/face.ts';
import type { ImageBounds } from '../images/image.ts';
import { AppError } from '../runtime/errors.ts';
import {
  defineOptions,
  flag,
  integer,
  listOf,
  type OptionsOf,
  oneOf,
  optional,
  readOptions,
  text,
} from '../runtime/options.ts';
import { keyPrefix } from './key-prefix-option.ts';

const ATTRIBUTES = [
  'age',
  'gender',
  'expression',
  'glasses',
  'hat',
  'mask',
] as const satisfies AttributeName[];

/** The options of one picture. */
export const PIPELINE_OPTIONS = defineOptions({
  sourcePrefix: {
    env: 'SOURCE_PREFIX',
    ...optional(keyPrefix('key prefix')),
    about:
      'Only objects below it are processed. The event rule should name the same prefix. Default: `incoming/`, or the whole bucket when the result prefix comes from `UPLOAD_OSS_PATH`.',
  },
  sourceSuffixes: {
    env: 'SOURCE_SUFFIXES',
    schema: listOf(z.string()),
    default: [] as string[],
    unit: 'comma-separated key endings, e.g. `.jpg,.png`',
    about: 'Only objects with one of these endings are processed, in upper or lower case; empty: all.',
  },
  resultBucket: {
    env: 'RESULT_BUCKET',
    ...optional(text('bucket name', /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/)),
    about: 'Where results go. Default: the bucket of the image.',
  },
  resultPrefix: {
    env: 'RESULT_PREFIX',
    aliases: ['UPLOAD_OSS_PATH'],
    ...keyPrefix('key prefix; `{bucket}` is replaced by the source bucket', /^.{1,256}$/),
    default: 'results/',
    about:
      'Results of `<key>` are stored at `<prefix><key>/`, or, if that is too long for a key of OSS, at `<prefix><start of the key>~<hash>/`. It must be outside the watched prefix.',
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
    about: 'Attributes that are found and written to results. With `none`, faces are only located.',
  },
  pose: {
    env: 'POSE',
    ...flag,
    default: true,
    about: 'Whether results contain the pose of a face.',
  },
  quality: {
    env: 'QUALITY',
    ...flag,
    default: true,
    about: 'Whether results contain how well a face can be recognised.',
  },
  landmarks: {
    env: 'LANDMARKS',
    ...flag,
    default: false,
    about: "Whether results contain the engine's full list of points, which makes them several times larger.",
  },
  annotate: {
    env: 'ANNOTATE',
    ...flag,
    default: true,
    about: 'Whether the picture with boxes, labels and banner is written.',
  },
  crops: {
    env: 'CROPS',
    ...flag,
    default: true,
    about: 'Whether each face is written as a picture of its own.',
  },
  redact: {
    env: 'REDACT',
    ...flag,
    default: false,
    about: 'Whether a picture with unrecognisable faces is written.',
  },
  removeResults: {
    env: 'REMOVE_RESULTS',
    ...flag,
    default: true,
    about: 'Whether an `ObjectRemoved` event removes the results of the object.',
  },
  maxBytes: {
    env: 'MAX_BYTES',
    ...integer('bytes', 1024, 1_073_741_824),
    default: 33_554_432,
    about: 'Larger objects are `invalid` and are not fetched. The whole image is kept in memory.',
  },
  maxPixels: {
    env: 'MAX_PIXELS',
    ...integer('pixels', 1024, 1_000_000_000),
    default: 100_000_000,
    about: 'Larger pictures are `invalid` and are not decoded.',
  },
  maxSide: {
    env: 'MAX_SIDE',
    ...integer('pixels', 320, 65_535),
    default: 30_000,
    about: 'Pictures with a longer side are `invalid` and are not decoded.',
  },
  rasterSide: {
    env: 'RASTER_SIDE',
    ...integer('pixels', 320, 8192),
    default: 1920,
    about:
      'Longest side of the analyzed pixels and of the annotated picture. A higher value finds smaller faces; time and memory grow with its square.',
  },
  maxPictureSeconds: {
    env: 'MAX_PICTURE_SECONDS',
    aliases: ['DECODE_TIMEOUT_SECONDS'],
    ...integer('seconds of processor time', 1, 600),
    default: 10,
    about:
      'A picture that takes more processor time, of all threads together, is `invalid`. A slow or busy machine does not change the result, because only the time that the picture itself uses counts.',
  },
  maxPictureMb: {
    env: 'MAX_PICTURE_MB',
    ...integer('MB', 64, 65_536),
    default: 640,
    about:
      'A picture that needs more memory to be decoded is `invalid`: by the estimate from its header, and by the limit of the process that decodes it. Where a machine or container has less memory for pictures, that bound is lower.',
  },
  maxScans: {
    env: 'MAX_SCANS',
    ...integer('scans', 1, 100_000),
    default: 100,
    about: 'A JPEG with more scans is `invalid`. Progressive photos have about ten.',
  },
  maxFrames: {
    env: 'MAX_FRAMES',
    ...integer('frames', 1, 1_000_000),
    default: 5000,
    about:
      'A file with more frames, pages or TIFF directories is `invalid`, although only the first is decoded.',
  },
  maxChannels: {
    env: 'MAX_CHANNELS',
    ...integer('channels', 1, 65_535),
    default: 16,
    about: 'A picture with more channels per pixel is `invalid`. Photos have one to five.',
  },
  maxMetadataBytes: {
    env: 'MAX_METADATA_BYTES',
    ...integer('bytes', 1024, 1_073_741_824),
    default: 16_777_216,
    about: 'A file with more text, profiles and EXIF, after decompression, is `invalid`.',
  },
  engine: {
    env: 'ENGINE',
    ...oneOf('local', 'facebody'),
    default: 'local',
    about:
      "What finds the faces: models in this process, or Alibaba Cloud's service, which is paid per call and has a quota.",
  },
});

export type PipelineOptions = Omit<OptionsOf<typeof PIPELINE_OPTIONS>, 'sourcePrefix'> & {
  readonly sourcePrefix: string;
};

/** What one picture may cost. */
export function imageBounds(options: PipelineOptions): ImageBounds {
  const { maxBytes, maxPixels, maxSide, maxPictureMb, maxPictureSeconds, rasterSide } = options;
  const { maxScans, maxFrames, maxChannels, maxMetadataBytes } = options;
  return {
    maxBytes,
    maxPixels,
    maxSide,
    maxPictureMb,
    maxPictureSeconds,
    maxScans,
    maxFrames,
    maxChannels,
    maxMetadataBytes,
    rasterSide,
  };
}

/** Reads and cross-checks the options. Throws `ConfigInvalid` or `LoopRefused`. */
export function readPipelineOptions(env: NodeJS.ProcessEnv): PipelineOptions {
  const options = readOptions(PIPELINE_OPTIONS, env);
  // The original sample watched the whole bucket and skipped its own results: with its settings, that stays so.
  const legacy = !env.RESULT_PREFIX && Boolean(env.UPLOAD_OSS_PATH);
  const resolved = {
    ...options,
    resultPrefix: options.resultPrefix.endsWith('/') ? options.resultPrefix : `${options.resultPrefix}/`,
    sourcePrefix: options.sourcePrefix ?? (legacy ? '' : 'incoming/'),
  };
  if (!legacy) refuseLoop(resolved);
  return resolved;
}

/** Results below the watched prefix would trigger the function again, forever. */
function refuseLoop({ sourcePrefix, resultPrefix, resultBucket }: PipelineOptions): void {
  if (resultBucket !== undefined || !resultPrefix.startsWith(sourcePrefix)) return;
  throw new AppError(
    'LoopRefused',
    `results at ${JSON.stringify(resultPrefix)} are below the watched prefix ${JSON.stringify(sourcePrefix)}: ` +
      'set RESULT_PREFIX to a prefix outside it, or RESULT_BUCKET to another bucket',
  );
}

import type { JpegLimits } from '../../../images/encode-within.ts';
import { overlap } from '../../../images/geometry.ts';
import { assertNotAborted } from '../../../runtime/abort.ts';
import { AppError } from '../../../runtime/errors.ts';
import type { FaceEngine } from '../../engine.ts';
import type { Face } from '../../face.ts';
import type { AnalyzeOptions, DecodedPicture, Pictures } from '../../picture.ts';
import type { FaceBodyClient, FaceBodyOperation } from './client.ts';
import { failureOf } from './failures.ts';
import { type RecognizedLists, toFaces } from './lists.ts';
import {
  COMPARE_LIMITS,
  compareFace,
  DETECT_LIMITS,
  detectFace,
  MAX_RECOGNIZED,
  MIN_SIDE,
  RECOGNIZE_LIMITS,
  recognizeFace,
} from './operations.ts';
import { fileAsStored, type SentPicture } from './sent-picture.ts';

/** Version of the API and of the conversion of its answers. */
const VERSION = 'facebody-2019-12-30-1';

/** The vendor's recommendation for quality scores. */
const GOOD_QUALITY = 0.85;

/** Thresholds of CompareFace, if its answer has none: one false accept in 10,000, and in 100,000. */
const MATCH = 69;
const HIGH = 75;

export interface FaceBodyEngineDeps {
  readonly client: FaceBodyClient;
  /** Decodes and draws. The engine closes it. */
  readonly pictures: Pictures<DecodedPicture>;
  /** Region of buckets whose files the service can read by URL. Absent: every picture is sent. */
  readonly region?: string;
}

/** Intersection over union from which two operations have found the same face. */
const SAME_OVERLAP = 0.4;

/**
 * Alibaba Cloud's FaceBody. Needs one call per image: RecognizeFace if attributes are requested, otherwise DetectFace.
 * Crowds of ten and more, and rasters beyond the limits of RecognizeFace, need both. It makes no embeddings: its face
 * database identifies people.
 */
export function createFaceBodyEngine({ client, pictures, region }: FaceBodyEngineDeps): FaceEngine {
  /** False after a failed download: otherwise every picture would cost the two calls of a failure. */
  let readsUrls = true;

  const ask = async (
    operation: (picture: SentPicture) => FaceBodyOperation<RecognizedLists>,
    limits: JpegLimits,
    picture: DecodedPicture,
    { attributes, source, signal, deadline }: AnalyzeOptions,
  ): Promise<Face[]> => {
    const call = { signal, deadline };
    const send = async (sent: SentPicture) =>
      toFaces(await client.call(operation(sent), call), sent, picture, attributes);
    const sendEncoded = async () => {
      const sent = await picture.encode(limits);
      return send(sent).catch(async (error: unknown) => {
        // The vendor may lower its limits. Half of them is within all limits that were ever observed.
        if (failureOf(error) !== 'size') throw error;
        const maxSide = Math.ceil(Math.max(sent.width, sent.height) / 2);
        return send(await picture.encode({ maxBytes: limits.maxBytes / 2, maxSide }));
      });
    };
    const file = readsUrls ? fileAsStored(picture, source, limits) : undefined;
    try {
      if (!file) return await sendEncoded();
      return await send(file).catch((error: unknown) => {
        // Sending the picture shows whether the picture or only its URL was the problem.
        const failure = failureOf(error);
        if (failure !== 'download' && failure !== 'picture' && failure !== 'size') throw error;
        if (failure === 'download') readsUrls = false;
        return sendEncoded();
      });
    } catch (error) {
      if (failureOf(error) === 'no-face') return [];
      throw error;
    }
  };

  const facesOf = async (picture: DecodedPicture, options: AnalyzeOptions): Promise<Face[]> => {
    assertNotAborted(options.signal, 'analysis');
    const { raster } = picture;
    // Too small for a face: the service needs 64 × 64 pixels for one.
    if (Math.min(raster.width, raster.height) < MIN_SIDE) return [];
    const described =
      options.attributes.size > 0 ? await ask(recognizeFace, RECOGNIZE_LIMITS, picture, options) : undefined;
    const complete =
      described &&
      described.length < MAX_RECOGNIZED &&
      Math.max(raster.width, raster.height) <= RECOGNIZE_LIMITS.maxSide;
    const faces = complete
      ? described
      : mergeFaces(described ?? [], await ask(detectFace, DETECT_LIMITS, picture, options));
    return faces.sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height);
  };

  return {
    name: 'facebody',
    version: VERSION,
    enrolQuality: GOOD_QUALITY,
    region,
    async warmUp() {
      await Promise.all([pictures.warmUp(), client.warmUp()]);
    },
    async open(bytes, options) {
      const picture = await pictures.open(bytes, options);
      return { ...picture, faces: (asked) => facesOf(picture, asked) };
    },
    async compare(one, other, options) {
      const [a, b] = await Promise.all([one.encode(COMPARE_LIMITS), other.encode(COMPARE_LIMITS)]);
      try {
        const answer = await client.call(compareFace(a.bytes, b.bytes), options);
        const [, match = MATCH, high = HIGH] = answer.thresholds ?? [];
        return {
          similarity: Math.min(1, (answer.confidence ?? 0) / 100),
          thresholds: { match: match / 100, high: high / 100 },
        };
      } catch (error) {
        if (failureOf(error) !== 'no-face') throw error;
        throw new AppError('FaceNotFound', 'one of the two pictures shows no face', { cause: error });
      }
    },
    close: () => pictures.close(),
  };
}

/** The described faces, and the detected faces that are not among them. */
function mergeFaces(described: readonly Face[], detected: readonly Face[]): Face[] {
  const isNew = ({ box }: Face) => described.every((face) => overlap(face.box, box) < SAME_OVERLAP);
  return [...described, ...detected.filter(isNew)];
}

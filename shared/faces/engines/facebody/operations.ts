import { Readable } from 'node:stream';
import type { JpegLimits } from '../../../images/encode-within.ts';
import { MEGABYTE } from '../../../images/image.ts';
import type { FaceBodyOperation } from './client.ts';
import type { DetectedLists, RecognizedLists } from './lists.ts';
import type { SentPicture } from './sent-picture.ts';

/** RecognizeFace accepts files of up to 3 MB, both sides below 4096 pixels, and describes at most ten faces. */
export const RECOGNIZE_LIMITS: JpegLimits = { maxBytes: 3 * MEGABYTE, maxSide: 4095 };
export const MAX_RECOGNIZED = 10;

/** DetectFace accepts files of up to 30 MB, both sides 33 to 8191 pixels, and finds at most thirty faces. */
export const DETECT_LIMITS: JpegLimits = { maxBytes: 30 * MEGABYTE, maxSide: 8191 };
export const MIN_SIDE = 33;
const MAX_DETECTED = 30;

type OfPicture = 'RecognizeFace' | 'DetectFace';
type WithOptions = OfPicture | 'CompareFace' | GalleryOperation;
export type GalleryOperation =
  | 'ListFaceDbs'
  | 'CreateFaceDb'
  | 'DeleteFaceDb'
  | 'AddFaceEntity'
  | 'GetFaceEntity'
  | 'ListFaceEntities'
  | 'DeleteFaceEntity'
  | 'DeleteFace';
type Advance = OfPicture | 'AddFace' | 'SearchFace';

/** An operation that travels as one request. The SDK derives the names of its classes and methods from the operation's. */
export function operation<T>(name: WithOptions, fields: object): FaceBodyOperation<T> {
  return {
    name,
    send(sdk, client, runtime) {
      const method = `${uncapitalized(name)}WithOptions` as const;
      return client[method](new sdk[`${name}Request`](fields) as never, runtime) as never;
    },
  };
}

/** An operation whose picture is uploaded before; the stream is among the fields. */
export function uploadingOperation<T>(name: Advance, fields: () => object): FaceBodyOperation<T> {
  return {
    name,
    send(sdk, client, runtime) {
      const method = `${uncapitalized(name)}Advance` as const;
      return client[method](new sdk[`${name}AdvanceRequest`](fields()) as never, runtime) as never;
    },
  };
}

function uncapitalized<Name extends string>(name: Name): Uncapitalize<Name> {
  return (name.charAt(0).toLowerCase() + name.slice(1)) as Uncapitalize<Name>;
}

function ofPicture<T>(name: OfPicture, picture: SentPicture, fields: object = {}): FaceBodyOperation<T> {
  if ('url' in picture) return operation(name, { imageURL: picture.url, ...fields });
  return uploadingOperation(name, () => ({ imageURLObject: streamOf(picture.bytes), ...fields }));
}

/** The URL alone requests everything about ten faces. Any other parameter would request less about one face. */
export function recognizeFace(picture: SentPicture): FaceBodyOperation<RecognizedLists> {
  return ofPicture('RecognizeFace', picture);
}

export function detectFace(picture: SentPicture): FaceBodyOperation<DetectedLists> {
  const asked = { landmark: true, quality: true, pose: true, maxFaceNumber: MAX_DETECTED };
  return ofPicture('DetectFace', picture, asked);
}

/** CompareFace accepts files of up to 5 MB, both sides below 4096 pixels. Smaller ones fit into the request itself. */
export const COMPARE_LIMITS: JpegLimits = { maxBytes: MEGABYTE, maxSide: 2047 };

export interface ComparedFaces {
  /** 0 to 100. */
  readonly confidence?: number;
  /** 0 to 100: for one false accept in 1,000, in 10,000 and in 100,000. */
  readonly thresholds?: readonly number[];
}

/** Compares the largest faces of two pictures. Both are inside the request, which saves two uploads. */
export function compareFace(one: Uint8Array, other: Uint8Array): FaceBodyOperation<ComparedFaces> {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return operation('CompareFace', { imageDataA: base64(one), imageDataB: base64(other) });
}

/** A stream of one chunk: the SDK's form writer does not wait for a full buffer. */
export function streamOf(bytes: Uint8Array): Readable {
  return Readable.from([bytes], { objectMode: false });
}

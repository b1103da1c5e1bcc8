import { CloudEvent } from 'cloudevents';
import * as z from 'zod/mini';
import type { OpenBucket } from '../../shared/oss/object-store.ts';
import type { PipelineOptions } from '../../shared/pipeline/options.ts';
import { AppError, isAppError } from '../../shared/runtime/errors.ts';

/** The type of a reply: no filter of our Triggers takes it, and the receiver acknowledges it unread. */
export const REPLY_TYPE = 'mnsoss:FaceRecognition:ImageProcessed';
const REPLY_SOURCE = '/functions/face-recognition';

/** The data of a reply. */
export interface ProcessedImage {
  readonly bucket: string;
  readonly key: string;
  /** Where the result document lies. */
  readonly result: { readonly bucket: string; readonly key: string };
  readonly faces: number;
  /** Faces that have a name, and that were compared with everybody and have none. */
  readonly known: number;
  readonly unknown: number;
}

export interface Answered {
  /** Of the record. */
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
  /** The key of the result document. */
  readonly document: string;
  /** W3C Trace Context of the request. */
  readonly traceparent?: string | undefined;
}

/** Longest document that is read; 10,000 faces have less. */
const MAX_DOCUMENT = 16 * 1024 * 1024;

/** Only the counts of it; an enrolment record, which lies where this could, has no faces. */
const counted = z.object({
  source: z.object({ eventTime: z.string() }),
  faces: z.array(
    z.object({
      match: z.optional(z.union([z.object({ person: z.string() }), z.object({ unknown: z.boolean() })])),
    }),
  ),
});

/**
 * The CloudEvent that tells of a published result: the same on every redelivery, as all of it comes from the document.
 * `undefined` when the document is gone or none of faces.
 */
export async function createReply(
  answered: Answered,
  { openBucket, options }: { readonly openBucket: OpenBucket; readonly options: PipelineOptions },
): Promise<CloudEvent<ProcessedImage> | undefined> {
  const { id, bucket, key, region, document, traceparent } = answered;
  const results = options.resultBucket ?? bucket;
  const found = await openBucket(results, region).get(document).catch(noneWhenGone);
  if (!found) return undefined;
  const { head, body } = found;
  if (head.size > MAX_DOCUMENT) {
    body.destroy();
    throw new AppError('EventTooLarge', `${document} has ${head.size} bytes, the bound is ${MAX_DOCUMENT}`);
  }
  const parsed = counted.safeParse(JSON.parse(Buffer.concat(await body.toArray()).toString()));
  if (!parsed.success) return undefined;
  const { faces, source } = parsed.data;
  return new CloudEvent<ProcessedImage>({
    id,
    type: REPLY_TYPE,
    source: REPLY_SOURCE,
    // Not in the form of the event's own subject, so that a Trigger that looks at the key alone does not take it.
    subject: `oss://${bucket}/${key}`,
    time: source.eventTime,
    datacontenttype: 'application/json',
    data: {
      bucket,
      key,
      result: { bucket: results, key: document },
      faces: faces.length,
      known: faces.filter(({ match }) => match && 'person' in match).length,
      unknown: faces.filter(({ match }) => match && 'unknown' in match).length,
    },
    ...(traceparent !== undefined && { traceparent }),
  });
}

/** The image was deleted, and its results with it, since they were published. */
function noneWhenGone(error: unknown): undefined {
  if (!isAppError(error, 'NoSuchKey')) throw error;
}

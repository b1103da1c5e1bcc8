import { CloudEvent } from 'cloudevents';
import * as z from 'zod/mini';
import type { ObjectStore, OpenBucket } from '../../../shared/oss/object-store.ts';
import { AppError, isAppError } from '../../../shared/runtime/errors.ts';
import type { RecordReport } from '../report.ts';

/** The type of a reply. No filter of our Triggers matches it, and the receiver acknowledges it without reading it. */
export const REPLY_TYPE = 'mnsoss:FaceRecognition:ImageProcessed';
const REPLY_SOURCE = '/functions/face-recognition';

/** The data of a reply. */
export interface ProcessedImage extends Counts {
  readonly bucket: string;
  readonly key: string;
  /** Where the result document is stored. */
  readonly result: { readonly bucket: string; readonly key: string };
}

interface Counts {
  readonly faces: number;
  /** Faces with a name, and faces that were compared with known people and have none. */
  readonly known: number;
  readonly unknown: number;
}

type Answered = Extract<RecordReport, { outcome: 'processed' | 'duplicate' }>;

export interface ReplyDeps {
  readonly openBucket: OpenBucket;
  /** @default the bucket of the picture */
  readonly resultBucket?: string;
}

/** The largest document that is read, in bytes. One with 10,000 faces is smaller. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** The counted fields of a result document. An enrolment record, which may have the same key, has no faces. */
const counted = z.object({
  source: z.object({ eventTime: z.string() }),
  faces: z.array(
    z.object({
      match: z.optional(z.union([z.object({ person: z.string() }), z.object({ unknown: z.boolean() })])),
    }),
  ),
});

/**
 * The CloudEvent that reports a published result, the same for every delivery of the write: the counts of a duplicate are
 * read from its document. `undefined` when the document is gone or has no faces.
 */
export async function createReply(
  record: Answered,
  { openBucket, resultBucket = record.bucket }: ReplyDeps,
  /** W3C Trace Context of the request. */
  traceparent?: string,
): Promise<CloudEvent<ProcessedImage> | undefined> {
  const { id, bucket, key, document } = record;
  const result = { bucket: resultBucket, key: document };
  const counts =
    record.outcome === 'processed'
      ? record
      : await readCounts(result, openBucket(resultBucket, record.region));
  if (!counts) return undefined;
  const { eventTime, faces, known, unknown } = counts;
  return new CloudEvent<ProcessedImage>({
    id,
    type: REPLY_TYPE,
    source: REPLY_SOURCE,
    // Not the form of the event's own subject: a Trigger that filters by key alone must not match it.
    subject: `oss://${bucket}/${key}`,
    time: eventTime,
    datacontenttype: 'application/json',
    data: { bucket, key, result, faces, known, unknown },
    ...(traceparent !== undefined && { traceparent }),
  });
}

async function readCounts(
  { key }: ProcessedImage['result'],
  store: ObjectStore,
): Promise<(Counts & { readonly eventTime: string }) | undefined> {
  const found = await store.get(key).catch(undefinedIfGone);
  if (!found) return undefined;
  const { head, body } = found;
  if (head.size > MAX_DOCUMENT_BYTES) {
    body.destroy();
    throw new AppError('EventTooLarge', `${key} has ${head.size} bytes, the bound is ${MAX_DOCUMENT_BYTES}`);
  }
  const parsed = counted.safeParse(JSON.parse(Buffer.concat(await body.toArray()).toString()));
  if (!parsed.success) return undefined;
  const { faces, source } = parsed.data;
  return {
    eventTime: source.eventTime,
    faces: faces.length,
    known: faces.filter(({ match }) => match && 'person' in match).length,
    unknown: faces.filter(({ match }) => match && 'unknown' in match).length,
  };
}

/** The image was deleted with its results after they were published. */
function undefinedIfGone(error: unknown): undefined {
  if (!isAppError(error, 'NoSuchKey')) throw error;
}

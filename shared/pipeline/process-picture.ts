import type { OssObjectEvent } from '../envelope/event.ts';
import type { FaceEngine } from '../faces/engine.ts';
import type { Face } from '../faces/face.ts';
import { type AnalyzeOptions, type ImageSource, type Picture, withPicture } from '../faces/picture.ts';
import type { ObjectStore, OpenBucket } from '../oss/object-store.ts';
import { isCurable, type PublishedResult, standingOf } from '../results/identity.ts';
import type { ResultKeys } from '../results/keys.ts';
import { findPublished } from '../results/writer.ts';
import type { Clock } from '../runtime/clock.ts';
import { type AppError, type ErrorCode, isAppError, toAppError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/log.ts';
import type { Admission } from './admit.ts';
import { type FetchedObject, fetchSource } from './fetch.ts';
import { imageBounds, type PipelineOptions } from './options.ts';
import type { CommonResult } from './outcome.ts';
import type { Stopwatch } from './stopwatch.ts';

/** Returns a URL from which a service can read an object. The URL is a secret: never log it. */
export type Presign = (object: {
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
}) => Promise<string>;

/** What every picture needs, whatever is done with it. */
export interface PictureDeps {
  readonly openBucket: OpenBucket;
  readonly engine: FaceEngine;
  readonly options: PipelineOptions;
  readonly presign?: Presign;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How one delivery of an event is processed. */
export interface EventContext {
  readonly signal?: AbortSignal;
  /** When faces must be found, by `clock.monotonic()`; see `AnalyzeOptions`. */
  readonly deadline?: number;
  /** Processes the picture again although this write already has its document. @default false */
  readonly again?: boolean;
}

/** One picture on its way from its event to its result. */
export interface PictureJob extends EventContext {
  readonly event: OssObjectEvent;
  readonly source: ObjectStore;
  readonly results: ObjectStore;
  readonly keys: ResultKeys;
  readonly stopwatch: Stopwatch;
}

/** Why a picture has no result, for its document. */
export interface Failure {
  readonly outcome: 'invalid' | 'failed';
  readonly error: { readonly code: ErrorCode; readonly message: string };
  /** Absent when the object could not be fetched. */
  readonly fetched?: FetchedObject;
}

/** A picture that is open, and its faces from the largest to the smallest. */
export interface AnalyzedPicture {
  readonly picture: Picture;
  readonly faces: readonly Face[];
}

/** What recognition and enrolment do differently. */
export interface PictureTask<R> {
  readonly deps: PictureDeps;
  /** The log line of an outcome, and that of an event that must be delivered again. */
  readonly messages: { readonly done: string; readonly failed: string };
  /** Events with the same name are processed one after another. */
  turnOf(event: OssObjectEvent): string;
  /** Decides from the event alone. */
  admit(event: OssObjectEvent): Admission;
  /** Where the results of the picture are stored. */
  keysOf(event: OssObjectEvent): ResultKeys;
  /** What the engine is asked for. */
  readonly wanted: Pick<AnalyzeOptions, 'attributes' | 'embeddings'>;
  /** Runs once the object is fetched, before it is decoded. `published` is the result of an earlier write. */
  beforeAnalysis?(
    job: PictureJob,
    fetched: FetchedObject,
    published: PublishedResult | undefined,
  ): Promise<void>;
  /** Publishes the result of the picture, which is closed afterwards, unless it was before. */
  conclude(job: PictureJob, fetched: FetchedObject, analyzed: AnalyzedPicture): Promise<R | CommonResult>;
  /** Writes the document of a permanent failure. */
  writeFailure(job: PictureJob, failure: Failure, published: PublishedResult | undefined): Promise<void>;
  /** Removes the results of an object that no longer exists; resolves to their number. */
  removeResults(job: PictureJob): Promise<number>;
  /** The same for what an interrupted delivery left without a document. */
  removeUnrecorded?(job: PictureJob): Promise<number>;
}

const INVALID: ReadonlySet<string> = new Set(['InvalidImage', 'ImageTooLarge']);

/**
 * The way of one picture: admit, look at the published result, fetch, analyze, conclude. A permanent error is recorded
 * where the result would be; any other error is thrown.
 */
export async function processPicture<R>(
  event: OssObjectEvent,
  task: PictureTask<R>,
  stopwatch: Stopwatch,
  context: EventContext,
): Promise<R | CommonResult> {
  const { openBucket, options } = task.deps;
  const admission = task.admit(event);
  if (admission.action === 'ignore') return { outcome: 'ignored', rule: admission.rule };

  const { bucket, region } = event;
  const source = openBucket(bucket, region);
  const results = openBucket(options.resultBucket ?? bucket, region);
  const job: PictureJob = { ...context, event, source, results, keys: task.keysOf(event), stopwatch };
  try {
    if (admission.action === 'remove') return await removeIfGone(job, task);
    return await processAdmitted(job, task, admission.action);
  } catch (error) {
    // A bucket that was deleted after the event has taken its objects along.
    if (isAppError(error, 'NoSuchBucket') && results.bucket === source.bucket)
      return { outcome: 'gone', removed: 0 };
    throw error;
  }
}

async function processAdmitted<R>(
  job: PictureJob,
  task: PictureTask<R>,
  action: 'process' | 'complete',
): Promise<R | CommonResult> {
  const { event, source, results, keys, stopwatch, signal, deadline, again } = job;
  const { engine, options } = task.deps;
  const published = await stopwatch.time('admit', () => findPublished(results, keys, signal));
  const standing = standingOf(event, published);
  if (standing === 'superseded') return { outcome: 'superseded' };
  const isComplete = action === 'complete' && published && !isCurable(published.failure);
  if ((standing === 'duplicate' || isComplete) && !again)
    return { outcome: 'duplicate', document: keys.document };

  let fetched: FetchedObject | undefined;
  try {
    const { maxBytes } = options;
    const found = await stopwatch.time('fetch', () => fetchSource(source, event, { maxBytes, signal }));
    if (found === 'superseded') return { outcome: 'superseded' };
    if (found === 'gone') return { outcome: 'gone', removed: (await task.removeUnrecorded?.(job)) ?? 0 };
    fetched = found;
    await task.beforeAnalysis?.(job, found, published);
    const file = await readableSource(event, found, task.deps);
    const bounds = imageBounds(options);
    const opening = stopwatch.time('prepare', () => engine.open(found.bytes, { bounds, signal }));
    return await withPicture(opening, async (picture) => {
      const asked = { ...task.wanted, source: file, signal, deadline };
      const faces = await stopwatch.time('analyze', () => picture.faces(asked));
      return task.conclude(job, found, { picture, faces });
    });
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind !== 'permanent') throw error;
    return recordFailure(job, task, error, fetched);
  }
}

/** The file itself, for an engine whose service is in the region of the bucket. A later write has an event of its own. */
async function readableSource(
  { bucket, region }: OssObjectEvent,
  { head: { key, size } }: FetchedObject,
  { engine, presign }: PictureDeps,
): Promise<ImageSource | undefined> {
  if (!presign || engine.region !== region) return undefined;
  return { url: await presign({ bucket, key, region }), bytes: size };
}

async function recordFailure(
  job: PictureJob,
  { writeFailure }: Pick<PictureTask<unknown>, 'writeFailure'>,
  { code, message }: AppError,
  fetched: FetchedObject | undefined,
): Promise<CommonResult> {
  const outcome = INVALID.has(code) ? 'invalid' : 'failed';
  const failure: Failure = { outcome, error: { code, message }, fetched };
  const committed = await publishUnlessSuperseded(job, (published) => writeFailure(job, failure, published));
  if (!committed) return { outcome: 'superseded' };
  return { outcome, code, reason: message, document: job.keys.document };
}

/**
 * Checks the published result once more before it writes: another instance may have published a later write while this
 * picture was processed, and an older result must not replace it. Resolves to whether it wrote.
 */
export async function publishUnlessSuperseded(
  { event, results, keys, stopwatch, signal }: PictureJob,
  write: (published: PublishedResult | undefined) => Promise<void>,
): Promise<boolean> {
  return stopwatch.time('publish', async () => {
    const published = await findPublished(results, keys, signal);
    if (standingOf(event, published) === 'superseded') return false;
    await write(published);
    return true;
  });
}

/** A removal can arrive after the object was written again; then its results stay. */
export async function removeIfGone(
  job: PictureJob,
  { removeResults }: Pick<PictureTask<unknown>, 'removeResults'>,
): Promise<Extract<CommonResult, { outcome: 'superseded' | 'gone' }>> {
  const { event, source, stopwatch, signal } = job;
  const head = await stopwatch.time('admit', () => source.head(event.key, { signal }));
  if (head) return { outcome: 'superseded' };
  return { outcome: 'gone', removed: await stopwatch.time('publish', () => removeResults(job)) };
}

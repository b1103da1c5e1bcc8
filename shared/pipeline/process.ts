import type { OssObjectEvent } from '../envelope/event.ts';
import type { FaceEngine, ImageSource } from '../faces/engine.ts';
import type { Face } from '../faces/face.ts';
import type { Gallery } from '../faces/gallery/gallery.ts';
import type { Match } from '../faces/gallery/match.ts';
import { decodeImage } from '../images/decode.ts';
import type { ImageBounds, UprightImage } from '../images/image.ts';
import type { ObjectStore, OpenBucket } from '../oss/object-store.ts';
import type { ResultDocument } from '../results/document.ts';
import { type PublishedResult, standingOf, type WriteIdentity } from '../results/identity.ts';
import { type ResultKeys, resultKeys } from '../results/keys.ts';
import { findPublished, removeResults, writeArtifacts, writeDocument } from '../results/writer.ts';
import type { Clock } from '../runtime/clock.ts';
import { type AppError, toAppError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/log.ts';
import { admit } from './admit.ts';
import { describeFaces, describeFailure, describeSource } from './describe.ts';
import { createEventWork, type Verdict } from './event-work.ts';
import { type FetchedObject, fetchSource, tooLarge } from './fetch.ts';
import { type Presign, sourceOf } from './image-source.ts';
import type { PipelineOptions } from './options.ts';
import type { Outcome } from './outcome.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface PipelineParts {
  readonly openBucket: OpenBucket;
  readonly engine: FaceEngine;
  readonly options: PipelineOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Known people; absent: faces are compared with nobody. */
  readonly gallery?: Gallery;
  /** Whether an unknown face tells how similar it was to anybody; true when absent. */
  readonly bestScore?: boolean;
  readonly presign?: Presign;
}

/**
 * From one event to its outcome. Resolves when the event needs no further delivery; throws a transient, throttled or
 * misconfigured `AppError` when it has to come again.
 */
export type Pipeline = (event: OssObjectEvent, context?: PipelineContext) => Promise<Outcome>;

export interface PipelineContext {
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch by which faces must be found; see `AnalyzeOptions`. */
  readonly deadline?: number;
}

interface Work {
  readonly event: OssObjectEvent;
  readonly write: WriteIdentity;
  readonly source: ObjectStore;
  readonly results: ObjectStore;
  readonly keys: ResultKeys;
  readonly watch: Stopwatch;
  readonly signal?: AbortSignal;
}

/** What is known about one picture. */
interface Findings {
  readonly image: UprightImage;
  readonly faces: readonly Face[];
  /** In the order of the faces; absent when nobody was compared. */
  readonly matches?: readonly Match[];
}

export function createPipeline(parts: PipelineParts): Pipeline {
  return createEventWork<Outcome, PipelineContext>({
    clock: parts.clock,
    logger: parts.logger,
    nameOf: ({ bucket, key }) => `${bucket}/${key}`,
    handle: (event, watch, context) => handle(event, watch, parts, context),
    messages: { done: 'image', again: 'image not processed, to be delivered again' },
  });
}

async function handle(
  event: OssObjectEvent,
  watch: Stopwatch,
  parts: PipelineParts,
  context: PipelineContext,
): Promise<Verdict<Outcome>> {
  const { openBucket, options } = parts;
  const { signal } = context;
  const admission = admit(event, options);
  if (admission.action === 'ignore') return { outcome: 'ignored', rule: admission.rule };

  const { bucket, key, region, requestId, eventTime } = event;
  const source = openBucket(bucket, region);
  const results = options.resultBucket === undefined ? source : openBucket(options.resultBucket, region);
  const keys = resultKeys(options.resultPrefix, event);
  const write = { bucket, key, requestId, eventTime };
  const work: Work = { event, write, source, results, keys, watch, signal };
  if (admission.action === 'remove') return remove(work);

  const published = await watch.time('admit', () => findPublished(results, keys, signal));
  const standing = standingOf(write, published);
  if (standing === 'duplicate') return { outcome: 'duplicate', document: keys.document };
  if (standing === 'superseded') return { outcome: 'superseded' };

  let fetched: FetchedObject | undefined;
  try {
    if (event.size !== undefined && event.size > options.maxBytes)
      throw tooLarge(event.size, options.maxBytes);
    const found = await watch.time('fetch', () =>
      fetchSource(source, event, { maxBytes: options.maxBytes, signal }),
    );
    if (found === 'superseded') return { outcome: 'superseded' };
    if (found === 'gone') return { outcome: 'gone', removed: 0 };
    fetched = found;
    const { bytes } = found;
    const image = await watch.time('prepare', () => decodeImage(bytes, imageBounds(options)));
    const findings = await find(image, await sourceOf(event, found, parts), parts, context, watch);
    return await publishFindings(work, fetched, findings, parts);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind !== 'permanent') throw error;
    return publishFailure(work, fetched, error);
  }
}

export function imageBounds({
  maxBytes,
  maxSide,
  maxPixels,
  rasterSide,
  decodeTimeoutSeconds,
}: PipelineOptions): ImageBounds {
  return { maxBytes, maxSide, maxPixels, rasterSide, timeoutSeconds: decodeTimeoutSeconds };
}

/** Who is in the picture, and what they look like. */
async function find(
  image: UprightImage,
  source: ImageSource | undefined,
  { engine, gallery, options, bestScore = true }: PipelineParts,
  context: PipelineContext,
  watch: Stopwatch,
): Promise<Findings> {
  const attributes = new Set(options.attributes);
  const embeddings = gallery?.usesEmbeddings ?? false;
  const faces = await watch.time('analyze', () =>
    engine.analyze(image, { attributes, embeddings, source, ...context }),
  );
  if (!gallery) return { image, faces };
  const { identify } = await import('./identify.ts');
  const matches = await watch.time('identify', () =>
    identify(image, faces, gallery, { keepBestScore: bestScore, ...context }),
  );
  return { image, faces, matches };
}

async function publishFindings(
  work: Work,
  fetched: FetchedObject,
  { image, faces, matches }: Findings,
  { engine, options }: PipelineParts,
): Promise<Verdict<Outcome>> {
  const { event, keys, watch } = work;
  // Loaded here: a second delivery, a removal or a text file draws nothing.
  const { render } = await import('./render.ts');
  const artifacts = await watch.time('render', () => render(image, faces, options, matches));
  const document: ResultDocument = {
    schemaVersion: 1,
    outcome: 'processed',
    source: describeSource(event, fetched, image),
    engine: { name: engine.name, version: engine.version },
    faces: describeFaces(faces, options, keys, matches),
    artifacts: {
      ...(artifacts.annotated && { annotated: keys.annotated }),
      ...(artifacts.redacted && { redacted: keys.redacted }),
    },
  };
  const committed = await commit(work, document, async () => {
    await writeArtifacts(work.results, keys, artifacts, work.signal);
  });
  if (!committed) return { outcome: 'superseded' };
  return { outcome: 'processed', faces: faces.length, document: keys.document };
}

/** A permanent error has a result document too: the reason stands where the result would. */
async function publishFailure(
  work: Work,
  fetched: FetchedObject | undefined,
  error: AppError,
): Promise<Verdict<Outcome>> {
  const { event, keys } = work;
  const outcome = error.code === 'InvalidImage' || error.code === 'ImageTooLarge' ? 'invalid' : 'failed';
  const document: ResultDocument = {
    schemaVersion: 1,
    outcome,
    source: describeSource(event, fetched),
    faces: [],
    artifacts: {},
    error: describeFailure(error),
  };
  if (!(await commit(work, document))) return { outcome: 'superseded' };
  return { outcome, code: error.code, reason: error.message, document: keys.document };
}

/**
 * Looks once more before it writes: while this image was worked on, a later write may have got its result from
 * another instance, which an older one must not replace.
 */
async function commit(work: Work, document: ResultDocument, before?: () => Promise<void>): Promise<boolean> {
  const { results, keys, write, watch, signal } = work;
  return watch.time('publish', async () => {
    const published: PublishedResult | undefined = await findPublished(results, keys, signal);
    if (standingOf(write, published) === 'superseded') return false;
    await before?.();
    await writeDocument(results, keys, document, published, signal);
    return true;
  });
}

/** A removal can arrive after the object was written again; then its results stay. */
async function remove({ event, source, results, keys, watch, signal }: Work): Promise<Verdict<Outcome>> {
  const head = await watch.time('admit', () => source.head(event.key, { signal }));
  if (head) return { outcome: 'superseded' };
  return watch.time('publish', async () => ({
    outcome: 'gone',
    removed: await removeResults(results, keys, signal),
  }));
}

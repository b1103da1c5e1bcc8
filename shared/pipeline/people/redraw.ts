import { type DecodedPicture, type Pictures, withPicture } from '../../faces/picture.ts';
import type { ObjectStore, OpenBucket } from '../../oss/object-store.ts';
import type { ResultDocument } from '../../results/document.ts';
import { isAppError } from '../../runtime/errors.ts';
import { imageBounds, type PipelineOptions } from '../options.ts';
import { renderPlan } from '../render-plan.ts';

export interface RedrawDeps {
  readonly openBucket: OpenBucket;
  readonly region: string;
  readonly results: ObjectStore;
  readonly options: PipelineOptions;
  readonly pictures: Pick<Pictures<DecodedPicture>, 'open'>;
}

/**
 * Draws the annotated picture of a document anew, with its present names. Returns the document, without the annotated
 * picture when the image is no longer there: a picture with a wrong name must not stay.
 */
export async function redraw(
  document: ResultDocument,
  { openBucket, region, results, options, pictures }: RedrawDeps,
  signal: AbortSignal | undefined,
): Promise<ResultDocument> {
  const { annotated } = document.artifacts;
  if (annotated === undefined) return document;
  const bytes = await readImage(openBucket(document.source.bucket, region), document.source, signal);
  if (!bytes) {
    await results.delete(annotated, { signal });
    return { ...document, artifacts: { ...document.artifacts, annotated: undefined } };
  }
  const matches = document.faces.map(({ match }) => match ?? { unknown: true as const });
  const plan = renderPlan(document.faces, { annotate: true, crops: false, redact: false }, matches);
  const opening = pictures.open(bytes, { bounds: imageBounds(options), signal });
  const drawn = await withPicture(opening, (picture) => picture.render(plan));
  await results.put(annotated, drawn.annotated!, { contentType: 'image/jpeg', signal });
  return document;
}

/** The image as it was processed; `undefined` when it was replaced or removed. */
async function readImage(
  store: ObjectStore,
  { key, etag, versionId }: ResultDocument['source'],
  signal: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  try {
    const { head, body } = await store.get(key, { versionId, signal });
    const bytes = Buffer.concat(await body.toArray());
    return etag === undefined || head.etag === etag ? bytes : undefined;
  } catch (error) {
    if (isAppError(error, 'NoSuchKey')) return undefined;
    throw error;
  }
}

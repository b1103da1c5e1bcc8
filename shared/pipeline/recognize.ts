import type { Gallery } from '../faces/gallery/gallery.ts';
import type { Match } from '../faces/gallery/match.ts';
import type { FaceIndex } from '../faces/index/face-index.ts';
import type { PictureWrite } from '../faces/index/sighting.ts';
import type { ResultDocument } from '../results/document.ts';
import { resultKeys } from '../results/keys.ts';
import { removeResults, writeArtifacts, writeDocument } from '../results/writer.ts';
import { admit } from './admit.ts';
import { describeFaces, describeSource } from './describe.ts';
import type { FetchedObject } from './fetch.ts';
import type { CommonResult, RecognitionResult } from './outcome.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import {
  type AnalyzedPicture,
  type PictureDeps,
  type PictureJob,
  type PictureTask,
  publishUnlessSuperseded,
} from './process-picture.ts';
import { renderPlan } from './render-plan.ts';

export interface RecognitionDeps extends PictureDeps {
  /** Known people. Without it, faces are not compared. */
  readonly gallery?: Gallery;
  /** Where every face is kept. Without it, faces are forgotten. */
  readonly index?: FaceIndex;
  /** Whether an unknown face has the similarity to the nearest person. @default true */
  readonly bestScore?: boolean;
}

/** Recognition alone, without enrolment. */
export function createRecognition(deps: RecognitionDeps): Pipeline<RecognitionResult> {
  const task = recognitionTask(deps);
  return createPipeline({ ...deps, taskFor: () => task });
}

/** Finds the faces of a picture, compares them with known people and publishes the result document. */
export function recognitionTask(deps: RecognitionDeps): PictureTask<RecognitionResult> {
  const { options, gallery, index } = deps;
  return {
    deps,
    messages: { done: 'image', failed: 'image not processed, to be delivered again' },
    turnOf: ({ bucket, key }) => `${bucket}/${key}`,
    admit: (event) => admit(event, options),
    keysOf: (event) => resultKeys(options.resultPrefix, event),
    wanted: {
      attributes: new Set(options.attributes),
      embeddings: index !== undefined || (gallery?.usesEmbeddings ?? false),
    },
    conclude: (job, fetched, analyzed) => publishFaces(job, fetched, analyzed, deps),
    writeFailure({ event, results, keys, signal }, { outcome, error, fetched }, published) {
      const source = describeSource(event, fetched);
      const document: ResultDocument = { schemaVersion: 1, outcome, source, faces: [], artifacts: {}, error };
      return writeDocument(results, keys, document, published, signal);
    },
    async removeResults({ event, results, keys, signal }) {
      await index?.remove(writeOf(event), { signal });
      return removeResults(results, keys, signal);
    },
  };
}

async function publishFaces(
  job: PictureJob,
  fetched: FetchedObject,
  analyzed: AnalyzedPicture,
  deps: RecognitionDeps,
): Promise<RecognitionResult | CommonResult> {
  const { event, results, keys, stopwatch, signal } = job;
  const { engine, options } = deps;
  const { picture, faces } = analyzed;
  const matches = await identifyFaces(job, analyzed, deps);
  const plan = renderPlan(faces, options, matches);
  const artifacts = await stopwatch.time('render', () => picture.render(plan));
  const document: ResultDocument = {
    schemaVersion: 1,
    outcome: 'processed',
    source: describeSource(event, fetched, picture),
    engine: { name: engine.name, version: engine.version },
    faces: describeFaces(faces, options, keys, matches),
    artifacts: {
      annotated: artifacts.annotated && keys.annotated,
      redacted: artifacts.redacted && keys.redacted,
    },
  };
  const committed = await publishUnlessSuperseded(job, async (published) => {
    await keepFaces(job, analyzed, deps);
    await writeArtifacts(results, keys, artifacts, signal);
    // The commit point: the document is written last.
    await writeDocument(results, keys, document, published, signal);
  });
  if (!committed) return { outcome: 'superseded' };
  return {
    outcome: 'processed',
    faces: faces.length,
    known: matches?.filter((match) => 'person' in match).length ?? 0,
    unknown: matches?.filter((match) => 'unknown' in match).length ?? 0,
    document: keys.document,
  };
}

/** Faces that are too small or unclear to tell people apart are not kept. */
async function keepFaces(
  { event, signal }: PictureJob,
  { picture, faces }: AnalyzedPicture,
  { index }: RecognitionDeps,
): Promise<void> {
  if (!index) return;
  const { sightedFaces } = await import('./sighted-faces.ts');
  await index.put(writeOf(event), sightedFaces(picture, faces), { signal });
}

function writeOf({ bucket, key, requestId, eventTime }: PictureJob['event']): PictureWrite {
  return { bucket, key, requestId, time: Date.parse(eventTime) };
}

/** In the order of the faces; `undefined` without a gallery. */
async function identifyFaces(
  { stopwatch, signal, deadline }: PictureJob,
  { picture, faces }: AnalyzedPicture,
  { gallery, bestScore: keepBestScore = true }: RecognitionDeps,
): Promise<Match[] | undefined> {
  if (!gallery) return undefined;
  const { identify } = await import('./identify.ts');
  return stopwatch.time('identify', () =>
    identify(picture, faces, gallery, { keepBestScore, signal, deadline }),
  );
}

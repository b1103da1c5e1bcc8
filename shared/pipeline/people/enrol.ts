import type { Face } from '../../faces/face.ts';
import type { Gallery } from '../../faces/gallery/gallery.ts';
import {
  GATE_RULES,
  type GateRules,
  judgeLikeness,
  judgePhoto,
  type Refusal,
} from '../../faces/gallery/gate.ts';
import { assertPersonName } from '../../faces/gallery/person-name.ts';
import { isAppError } from '../../runtime/errors.ts';
import { type Admission, admit } from '../admit.ts';
import { describeSource } from '../describe.ts';
import type { FetchedObject } from '../fetch.ts';
import type { CommonResult, EnrolmentResult } from '../outcome.ts';
import { createPipeline, type Pipeline } from '../pipeline.ts';
import {
  type AnalyzedPicture,
  type PictureDeps,
  type PictureJob,
  type PictureTask,
  publishUnlessSuperseded,
  removeIfGone,
} from '../process-picture.ts';
import type { PeopleOptions } from './options.ts';
import { personOf, photoOf } from './photos.ts';
import { type EnrolmentRecord, enrolmentKeys, readRecord, writeRecord } from './record.ts';

export interface EnrolmentDeps extends PictureDeps {
  readonly gallery: Gallery;
  readonly options: PictureDeps['options'] & Pick<PeopleOptions, 'peoplePrefix'>;
  /** @default GATE_RULES */
  readonly rules?: GateRules;
  /**
   * The caller vouches for the person in each photo: faces are compared neither with those of other people nor with the
   * person's own. @default false
   */
  readonly trusted?: boolean;
}

/** Enough candidates: no more people are by chance more similar to a photo than the person it shows. */
const CANDIDATES = 10;

/** Enrolment alone, without recognition. */
export function createEnrolment(deps: EnrolmentDeps): Pipeline<EnrolmentResult> {
  const task = enrolmentTask(deps);
  return createPipeline({ ...deps, taskFor: () => task });
}

/** Adds the face of a person's photo to the gallery and publishes the record of the photo. */
export function enrolmentTask(deps: EnrolmentDeps): PictureTask<EnrolmentResult> {
  const { gallery, options } = deps;
  const { peoplePrefix, resultPrefix } = options;
  const removeResults: PictureTask<EnrolmentResult>['removeResults'] = async (job) => {
    const removed = await removeRecordedFace(job, gallery);
    await job.results.delete(job.keys.document, { signal: job.signal });
    return removed;
  };
  return {
    deps,
    messages: { done: 'enrolment', failed: 'photo not enrolled, to be delivered again' },
    // Photos of one person are compared with each other.
    turnOf: ({ bucket, key }) => `${bucket}/${personOf(key, peoplePrefix)}`,
    admit(event): Admission {
      const admission = admit(event, { ...options, sourcePrefix: peoplePrefix, removeResults: true });
      if (admission.action === 'ignore' || personOf(event.key, peoplePrefix) !== undefined) return admission;
      return { action: 'ignore', rule: 'no-person' };
    },
    keysOf: (event) => enrolmentKeys(resultPrefix, event),
    wanted: { attributes: new Set(), embeddings: gallery.usesEmbeddings },
    async beforeAnalysis(job, { head }, published) {
      // The photo that this one replaced no longer exists, so its face must not judge the new one.
      if (published) await removeRecordedFace(job, gallery);
      assertPersonName(personOf(head.key, peoplePrefix) ?? '');
    },
    conclude: (job, fetched, analyzed) => enrolFace({ job, fetched, ...analyzed }, deps, removeResults),
    writeFailure({ event, results, keys, signal }, { outcome, error, fetched }) {
      const person = personOf(fetched?.head.key ?? event.key, peoplePrefix) ?? '';
      const source = describeSource(event, fetched);
      return writeRecord(
        results,
        keys.document,
        { ...recordOf(deps, outcome, person, source), error },
        signal,
      );
    },
    removeResults,
    async removeUnrecorded({ event, signal }) {
      // An interrupted delivery may have added the face of a photo that was deleted before the next delivery.
      try {
        const person = personOf(event.key, peoplePrefix)!;
        return Number(await gallery.removeFace(person, photoOf(event), { signal }));
      } catch (error) {
        if (isAppError(error, 'PersonNameInvalid')) return 0;
        throw error;
      }
    },
  };
}

interface Photo extends AnalyzedPicture {
  readonly job: PictureJob;
  readonly fetched: FetchedObject;
}

async function enrolFace(
  photo: Photo,
  deps: EnrolmentDeps,
  removeResults: PictureTask<EnrolmentResult>['removeResults'],
): Promise<EnrolmentResult | CommonResult> {
  const { job, fetched, picture, faces } = photo;
  const { document } = job.keys;
  const person = personOf(fetched.head.key, deps.options.peoplePrefix)!;
  const source = describeSource(job.event, fetched, picture);
  const judged = await judgePhoto(picture, faces, rulesOf(deps));
  const added = 'refusal' in judged ? judged : await addFace(photo, person, judged.face, deps);
  picture.close();

  if ('refusal' in added) {
    const { refusal } = added;
    const record = { ...recordOf(deps, 'refused', person, source), refusal };
    if (!(await publish(job, record))) return { outcome: 'superseded' };
    return { outcome: 'refused', person, reason: refusal.reason, document };
  }

  const { id, box, quality } = added;
  const face = { id, box, quality: quality === undefined ? undefined : Number(quality.toFixed(3)) };
  if (!(await publish(job, { ...recordOf(deps, 'enrolled', person, source), face }))) {
    // A later write of the photo was published first, and its record does not name this face.
    await deps.gallery.removeFace(person, id);
    return { outcome: 'superseded' };
  }
  // Another instance may have handled the removal of the photo before there was a record that it could read.
  const removed = await removeIfGone(job, { removeResults });
  return removed.outcome === 'gone' ? removed : { outcome: 'enrolled', person, document };
}

/** Each engine defines what quality it calls good. */
function rulesOf({ engine, rules = GATE_RULES }: EnrolmentDeps): GateRules {
  return { ...rules, minQuality: engine.enrolQuality ?? rules.minQuality };
}

/** Compares the face with those that are known, and adds it unless an interrupted delivery already did. */
async function addFace(
  { job, picture }: Photo,
  person: string,
  face: Face,
  { gallery, trusted }: EnrolmentDeps,
): Promise<(Face & { readonly id: string }) | { readonly refusal: Refusal }> {
  const { event, stopwatch, signal, deadline } = job;
  const call = { signal, deadline };
  const photo = photoOf(event);
  return stopwatch.time('analyze', async () => {
    if (!trusted) {
      const [candidates = []] = await gallery.search(picture, [face], { people: CANDIDATES, ...call });
      const own = candidates.find((candidate) => candidate.person === person);
      if (own?.photo === photo) return { ...face, id: own.id };
      const known = own !== undefined || (await gallery.faces(person, call)).length > 0;
      const refusal = judgeLikeness({ person, known, candidates, thresholds: gallery.thresholds });
      if (refusal) return { refusal };
    }
    const [added] = await gallery.add(person, [{ photo, picture, face }], call);
    if (added && 'id' in added) return { ...face, id: added.id };
    throw added!.error;
  });
}

function recordOf(
  { engine, gallery }: EnrolmentDeps,
  outcome: EnrolmentRecord['outcome'],
  person: string,
  source: EnrolmentRecord['source'],
): EnrolmentRecord {
  return {
    schemaVersion: 1,
    outcome,
    person,
    source,
    gallery: gallery.name,
    engine: { name: engine.name, version: engine.version },
  };
}

function publish(job: PictureJob, record: EnrolmentRecord): Promise<boolean> {
  const { results, keys, signal } = job;
  return publishUnlessSuperseded(job, () => writeRecord(results, keys.document, record, signal));
}

/** Removes the face that the photo's record names; resolves to the number of faces removed. */
async function removeRecordedFace({ results, keys, signal }: PictureJob, gallery: Gallery): Promise<number> {
  const record = await readRecord(results, keys.document, signal);
  if (!record?.face) return 0;
  return Number(await gallery.removeFace(record.person, record.face.id, { signal }));
}

import type { OssObjectEvent } from '../envelope/event.ts';
import type { FaceEngine, ImageSource } from '../faces/engine.ts';
import type { Face } from '../faces/face.ts';
import type { Gallery } from '../faces/gallery/gallery.ts';
import {
  GATE_RULES,
  type GateRules,
  judgeLikeness,
  judgePhoto,
  type Refusal,
} from '../faces/gallery/gate.ts';
import { assertPersonName } from '../faces/gallery/person-name.ts';
import { decodeImage } from '../images/decode.ts';
import type { UprightImage } from '../images/image.ts';
import type { ObjectStore, OpenBucket } from '../oss/object-store.ts';
import { standingOf } from '../results/identity.ts';
import type { ResultKeys } from '../results/keys.ts';
import { findPublished } from '../results/writer.ts';
import type { Clock } from '../runtime/clock.ts';
import { type AppError, isAppError, toAppError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/log.ts';
import { admit } from './admit.ts';
import { describeFailure, describeSource } from './describe.ts';
import type { EnrolmentOutcome } from './enrol-outcome.ts';
import { type EnrolmentRecord, enrolmentKeys, readRecord, writeRecord } from './enrol-record.ts';
import { createEventWork, type Verdict } from './event-work.ts';
import { type FetchedObject, fetchSource, tooLarge } from './fetch.ts';
import { type Presign, sourceOf } from './image-source.ts';
import type { PipelineOptions } from './options.ts';
import type { PeopleOptions } from './people-options.ts';
import { personOf, photoOf } from './people-photos.ts';
import { imageBounds } from './process.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface EnrolmentParts {
  readonly openBucket: OpenBucket;
  readonly engine: FaceEngine;
  readonly gallery: Gallery;
  readonly options: PipelineOptions & Pick<PeopleOptions, 'peoplePrefix'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules?: GateRules;
  readonly presign?: Presign;
}

export interface EnrolmentContext {
  readonly signal?: AbortSignal;
  /** As in `AnalyzeOptions`. */
  readonly deadline?: number;
  /** Enrols again although this very write has its record. */
  readonly again?: boolean;
  /** A person says who it is: the face is not compared with those of others, nor with the person's own. */
  readonly trusted?: boolean;
}

/**
 * From one event of a person's photo to its outcome, as `Pipeline` does for other images. Throws what has to come again.
 */
export type Enrolment = (event: OssObjectEvent, context?: EnrolmentContext) => Promise<EnrolmentOutcome>;

interface Work {
  readonly event: OssObjectEvent;
  readonly source: ObjectStore;
  readonly results: ObjectStore;
  readonly keys: ResultKeys;
  readonly watch: Stopwatch;
  readonly context: EnrolmentContext;
}

/** Beyond these, nobody can be more similar than a photo's own person by chance. */
const CANDIDATES = 10;

export function createEnrolment(parts: EnrolmentParts): Enrolment {
  return createEventWork<EnrolmentOutcome, EnrolmentContext>({
    clock: parts.clock,
    logger: parts.logger,
    // Photos of one person are compared with each other, so they come one after another.
    nameOf: ({ bucket, key }) => `${bucket}/${personOf(key, parts.options.peoplePrefix)}`,
    handle: (event, watch, context) => handle(event, watch, parts, context),
    messages: { done: 'enrolment', again: 'photo not enrolled, to be delivered again' },
  });
}

async function handle(
  event: OssObjectEvent,
  watch: Stopwatch,
  parts: EnrolmentParts,
  context: EnrolmentContext,
): Promise<Verdict<EnrolmentOutcome>> {
  const { openBucket, options } = parts;
  const { bucket, key, region } = event;
  const admission = admit(event, { ...options, sourcePrefix: options.peoplePrefix, removeResults: true });
  if (admission.action === 'ignore') return { outcome: 'ignored', rule: admission.rule };
  if (personOf(key, options.peoplePrefix) === undefined) return { outcome: 'ignored', rule: 'no-person' };

  const source = openBucket(bucket, region);
  const results = options.resultBucket === undefined ? source : openBucket(options.resultBucket, region);
  const work: Work = {
    event,
    source,
    results,
    keys: enrolmentKeys(options.resultPrefix, event),
    watch,
    context,
  };
  return admission.action === 'remove' ? withdraw(work, parts) : enrol(work, parts);
}

async function enrol(work: Work, parts: EnrolmentParts): Promise<Verdict<EnrolmentOutcome>> {
  const { event, source, results, keys, watch, context } = work;
  const { options, gallery } = parts;
  const { signal } = context;
  const published = await watch.time('admit', () => findPublished(results, keys, signal));
  const standing = standingOf(event, published);
  if (standing === 'superseded') return { outcome: 'superseded' };
  if (standing === 'duplicate' && !context.again) return { outcome: 'duplicate', document: keys.document };

  let fetched: FetchedObject | undefined;
  try {
    if (event.size !== undefined && event.size > options.maxBytes)
      throw tooLarge(event.size, options.maxBytes);
    const found = await watch.time('fetch', () =>
      fetchSource(source, event, { maxBytes: options.maxBytes, signal }),
    );
    if (found === 'superseded') return { outcome: 'superseded' };
    if (found === 'gone') return { outcome: 'gone', removed: await removeUnrecorded(event, parts, signal) };
    fetched = found;
    // The photo that this one replaced exists no more, so its face must not judge the new one.
    if (published) await removeEnrolled(gallery, await readRecord(results, keys.document, signal), signal);

    const person = personOf(found.head.key, options.peoplePrefix) ?? '';
    assertPersonName(person);
    const image = await watch.time('prepare', () => decodeImage(found.bytes, imageBounds(options)));
    const file = await sourceOf(event, found, parts);
    const faces = await watch.time('analyze', () => analyze(parts, image, file, context));
    const judged = judgePhoto(image, faces, rulesOf(parts));
    if ('refusal' in judged) return publishRefusal(work, parts, { fetched, image, person }, judged.refusal);
    const enrolled = await addFace(work, parts, person, image, judged.face);
    if ('reason' in enrolled) return publishRefusal(work, parts, { fetched, image, person }, enrolled);
    return await publishFace(work, parts, { fetched, image, person }, judged.face, enrolled.id);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind !== 'permanent') throw error;
    return publishFailure(work, parts, fetched, error);
  }
}

/** What an engine calls good is its own to say. */
function rulesOf({ engine, rules = GATE_RULES }: EnrolmentParts): GateRules {
  return { ...rules, minQuality: engine.enrolQuality ?? rules.minQuality };
}

function analyze(
  { engine, gallery }: EnrolmentParts,
  image: UprightImage,
  source: ImageSource | undefined,
  { signal, deadline }: EnrolmentContext,
): Promise<Face[]> {
  return engine.analyze(image, {
    attributes: new Set(),
    embeddings: gallery.usesEmbeddings,
    source,
    signal,
    deadline,
  });
}

/** Compares the face with those that are known, and adds it. A delivery that broke off may have added it already. */
async function addFace(
  { event, watch, context: { signal, deadline, trusted } }: Work,
  { gallery }: EnrolmentParts,
  person: string,
  image: UprightImage,
  face: Face,
): Promise<{ readonly id: string } | Refusal> {
  const call = { signal, deadline };
  const photo = photoOf(event);
  return watch.time('analyze', async () => {
    if (!trusted) {
      const [candidates = []] = await gallery.search(image, [face], { people: CANDIDATES, ...call });
      const own = candidates.find((candidate) => candidate.person === person);
      if (own?.photo === photo) return { id: own.id };
      const known = own !== undefined || (await gallery.faces(person, call)).length > 0;
      const refusal = judgeLikeness({ person, known, candidates, thresholds: gallery.thresholds });
      if (refusal) return refusal;
    }
    const [added] = await gallery.add(person, [{ photo, image, face }], call);
    if (added && 'id' in added) return added;
    throw added!.error;
  });
}

interface Subject {
  readonly fetched: FetchedObject;
  readonly image: UprightImage;
  readonly person: string;
}

async function publishFace(
  work: Work,
  parts: EnrolmentParts,
  subject: Subject,
  { box, quality }: Face,
  id: string,
): Promise<Verdict<EnrolmentOutcome>> {
  const { person } = subject;
  const published = await publish(work, {
    ...recordOf(work, parts, 'enrolled', person, subject),
    face: { id, box, ...(quality !== undefined && { quality: Number(quality.toFixed(3)) }) },
  });
  if (published) {
    // Its removal may have been worked on elsewhere before there was a record that it could read.
    const removed = await withdraw(work, parts);
    return removed.outcome === 'gone'
      ? removed
      : { outcome: 'enrolled', person, document: work.keys.document };
  }
  // A later write of the photo was faster, and knows nothing of this face.
  await parts.gallery.removeFace(person, id);
  return { outcome: 'superseded' };
}

async function publishRefusal(
  work: Work,
  parts: EnrolmentParts,
  subject: Subject,
  refusal: Refusal,
): Promise<Verdict<EnrolmentOutcome>> {
  const { person } = subject;
  const record = { ...recordOf(work, parts, 'refused', person, subject), refusal: { ...refusal } };
  if (!(await publish(work, record))) return { outcome: 'superseded' };
  return { outcome: 'refused', person, reason: refusal.reason, document: work.keys.document };
}

async function publishFailure(
  work: Work,
  parts: EnrolmentParts,
  fetched: FetchedObject | undefined,
  error: AppError,
): Promise<Verdict<EnrolmentOutcome>> {
  const outcome = error.code === 'InvalidImage' || error.code === 'ImageTooLarge' ? 'invalid' : 'failed';
  const person = personOf(fetched?.head.key ?? work.event.key, parts.options.peoplePrefix) ?? '';
  const record = {
    ...recordOf(work, parts, outcome, person, { fetched }),
    error: describeFailure(error),
  };
  if (!(await publish(work, record))) return { outcome: 'superseded' };
  return { outcome, code: error.code, reason: error.message, document: work.keys.document };
}

function recordOf(
  { event }: Work,
  { engine, gallery }: EnrolmentParts,
  outcome: EnrolmentRecord['outcome'],
  person: string,
  { fetched, image }: Partial<Subject>,
): EnrolmentRecord {
  return {
    schemaVersion: 1,
    outcome,
    person,
    source: describeSource(event, fetched, image),
    gallery: gallery.name,
    engine: { name: engine.name, version: engine.version },
  };
}

/** Looks once more before it writes, as the pipeline does with results. */
function publish({ event, results, keys, watch, context }: Work, record: EnrolmentRecord): Promise<boolean> {
  return watch.time('publish', async () => {
    const published = await findPublished(results, keys, context.signal);
    if (standingOf(event, published) === 'superseded') return false;
    await writeRecord(results, keys.document, record, context.signal);
    return true;
  });
}

/** A removal can arrive after the photo was written again; then its face stays. */
async function withdraw({ event, source, results, keys, watch, context }: Work, { gallery }: EnrolmentParts) {
  const call = { signal: context.signal };
  const head = await watch.time('admit', () => source.head(event.key, call));
  if (head) return { outcome: 'superseded' } as const;
  return watch.time('publish', async () => {
    const record = await readRecord(results, keys.document, context.signal);
    const removed = await removeEnrolled(gallery, record, context.signal);
    await results.delete(keys.document, call);
    return { outcome: 'gone', removed } as const;
  });
}

/** A delivery that broke off may have added the face of a photo that went before the next one. */
async function removeUnrecorded(
  event: OssObjectEvent,
  { gallery, options }: EnrolmentParts,
  signal: AbortSignal | undefined,
): Promise<number> {
  const person = personOf(event.key, options.peoplePrefix)!;
  try {
    return Number(await gallery.removeFace(person, photoOf(event), { signal }));
  } catch (error) {
    if (isAppError(error, 'PersonNameInvalid')) return 0;
    throw error;
  }
}

/** How many faces went. */
async function removeEnrolled(
  gallery: Gallery,
  record: EnrolmentRecord | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (!record?.face) return 0;
  return Number(await gallery.removeFace(record.person, record.face.id, { signal }));
}

import { AppError, toAppError } from '../runtime/errors.ts';
import { createEnrolment, type EnrolmentParts } from './enrol.ts';
import type { EnrolmentOutcome } from './enrol-outcome.ts';
import { type EnrolmentRecord, enrolmentKeys, readRecord } from './enrol-record.ts';
import { listPhotos, type Photo, personOf, photoEvent } from './people-photos.ts';

export interface EnrolAllOptions {
  readonly bucket: string;
  readonly region: string;
  /** People worked on side by side; photos of one person come one after another. 2 when absent. */
  readonly concurrency?: number;
  /** Called after each photo. */
  readonly onProgress?: (progress: EnrolProgress) => void;
  readonly signal?: AbortSignal;
}

export interface EnrolProgress {
  readonly done: number;
  readonly total: number;
  readonly key: string;
  readonly outcome: EnrolmentOutcome['outcome'] | 'error';
}

export interface EnrolReport {
  readonly photos: number;
  readonly enrolled: number;
  /** Photos whose record says what is still true. */
  readonly unchanged: number;
  /** Photos that are no good examples, with the reason. */
  readonly refused: readonly { readonly key: string; readonly reason: string }[];
  /** Photos that could not be worked on, with the code of the error; worth another run. */
  readonly failed: readonly { readonly key: string; readonly code: string }[];
}

/**
 * Enrols every photo that lies below the people prefix and has no record, or one of another object than the present, or of
 * another gallery than this.
 */
export function enrolAll(parts: EnrolmentParts, options: EnrolAllOptions): Promise<EnrolReport> {
  return run(parts, options, false);
}

/**
 * Makes the gallery anew from the original photos: after another embedder was chosen, after FaceBody forgot a database
 * that was unused for six months, or into another gallery. Until it is done, people are missing.
 */
export async function reenrolAll(parts: EnrolmentParts, options: EnrolAllOptions): Promise<EnrolReport> {
  await parts.gallery.clear({ signal: options.signal });
  return run(parts, options, true);
}

async function run(
  parts: EnrolmentParts,
  { bucket, region, concurrency = 2, onProgress, signal }: EnrolAllOptions,
  again: boolean,
): Promise<EnrolReport> {
  const { openBucket, options } = parts;
  const { peoplePrefix } = options;
  const source = openBucket(bucket, region);
  const results = options.resultBucket === undefined ? source : openBucket(options.resultBucket, region);
  const enrol = createEnrolment(parts);
  const photos = await listPhotos(source, peoplePrefix, signal);
  const report = {
    photos: photos.length,
    enrolled: 0,
    unchanged: 0,
    refused: [] as { key: string; reason: string }[],
    failed: [] as { key: string; code: string }[],
  };
  let done = 0;

  const enrolOne = async (photo: Photo): Promise<EnrolmentOutcome['outcome'] | 'error'> => {
    const record = await readRecord(
      results,
      enrolmentKeys(options.resultPrefix, { bucket, key: photo.key }).document,
      signal,
    );
    const current = record !== undefined && isOf(record, photo);
    const inOther = current && record.gallery !== parts.gallery.name;
    if (!again && current && !inOther) {
      report.unchanged++;
      return 'duplicate';
    }
    // The write that is on record keeps its request id, so that its event, when it comes again, is a duplicate.
    const known = current ? { requestId: record.source.requestId } : {};
    const outcome = await enrol(photoEvent(bucket, region, { ...photo, ...known }), {
      again: again || inOther,
      signal,
    });
    if (outcome.outcome === 'enrolled') report.enrolled++;
    if (outcome.outcome === 'refused') report.refused.push({ key: photo.key, reason: outcome.reason });
    if (outcome.outcome === 'invalid' || outcome.outcome === 'failed') {
      report.failed.push({ key: photo.key, code: outcome.code });
    }
    return outcome.outcome;
  };

  const people = byPerson(photos, peoplePrefix).values();
  const worker = async () => {
    for (const own of people) {
      for (const photo of own) {
        if (signal?.aborted) throw new AppError('Aborted', 'enrolment: stopped');
        const outcome = await enrolOne(photo).catch((thrown: unknown) => {
          const error = toAppError(thrown);
          // One photo may fail; what would fail all of them ends the run.
          if (error.kind === 'misconfigured' || error.code === 'Aborted') throw error;
          report.failed.push({ key: photo.key, code: error.code });
          return 'error' as const;
        });
        onProgress?.({ done: ++done, total: photos.length, key: photo.key, outcome });
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return report;
}

function isOf({ source }: EnrolmentRecord, { etag }: Photo): boolean {
  return source.etag === etag;
}

function byPerson(photos: readonly Photo[], peoplePrefix: string): Photo[][] {
  const people = new Map<string, Photo[]>();
  for (const photo of photos) {
    const person = personOf(photo.key, peoplePrefix);
    if (person === undefined) continue;
    const own = people.get(person) ?? [];
    own.push(photo);
    people.set(person, own);
  }
  return [...people.values()];
}

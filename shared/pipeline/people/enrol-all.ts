import { isCurable } from '../../results/identity.ts';
import { AppError, toAppError } from '../../runtime/errors.ts';
import type { EnrolmentResult } from '../outcome.ts';
import { createEnrolment, type EnrolmentDeps } from './enrol.ts';
import { listPhotos, type Photo, personOf, photoEvent } from './photos.ts';
import { enrolmentKeys, readRecord } from './record.ts';

export interface EnrolAllOptions {
  readonly bucket: string;
  readonly region: string;
  /** People enrolled in parallel; photos of one person are enrolled one after another. @default 2 */
  readonly concurrency?: number;
  /** Called after each photo. */
  readonly onProgress?: (progress: EnrolProgress) => void;
  readonly signal?: AbortSignal;
}

export interface EnrolProgress {
  readonly done: number;
  readonly total: number;
  readonly key: string;
  readonly outcome: EnrolmentResult['outcome'] | 'error';
}

export interface EnrolReport {
  readonly photos: number;
  readonly enrolled: number;
  /** Photos whose record is still correct. */
  readonly unchanged: number;
  /** Photos that are not good examples, with the reason. */
  readonly refused: readonly { readonly key: string; readonly reason: string }[];
  /** Photos that could not be processed, with the error code; another run may succeed. */
  readonly failed: readonly { readonly key: string; readonly code: string }[];
}

/** Enrols every photo below the people prefix that has no record, or whose record describes another object or gallery. */
export function enrolAll(deps: EnrolmentDeps, options: EnrolAllOptions): Promise<EnrolReport> {
  return run(deps, options, false);
}

/**
 * Rebuilds the gallery from the original photos: after a change of the embedder, after FaceBody deleted a database that was
 * unused for six months, or in another gallery. People are missing from the gallery until it is done.
 */
export async function reenrolAll(deps: EnrolmentDeps, options: EnrolAllOptions): Promise<EnrolReport> {
  await deps.gallery.clear({ signal: options.signal });
  return run(deps, options, true);
}

async function run(
  deps: EnrolmentDeps,
  { bucket, region, concurrency = 2, onProgress, signal }: EnrolAllOptions,
  again: boolean,
): Promise<EnrolReport> {
  const { openBucket, options } = deps;
  const { peoplePrefix } = options;
  const source = openBucket(bucket, region);
  const results = openBucket(options.resultBucket ?? bucket, region);
  const enrol = createEnrolment(deps);
  const photos = await listPhotos(source, peoplePrefix, signal);
  const report = {
    photos: photos.length,
    enrolled: 0,
    unchanged: 0,
    refused: [] as { key: string; reason: string }[],
    failed: [] as { key: string; code: string }[],
  };
  let done = 0;

  const enrolOne = async (photo: Photo): Promise<EnrolmentResult['outcome'] | 'error'> => {
    const record = await readRecord(
      results,
      enrolmentKeys(options.resultPrefix, { bucket, key: photo.key }).document,
      signal,
    );
    const current = record?.source.etag === photo.etag;
    const inOther = current && record.gallery !== deps.gallery.name;
    if (!again && current && !inOther && !isCurable(record.error?.code)) {
      report.unchanged++;
      return 'duplicate';
    }
    // Keeps the request id of the recorded write: if its event is delivered again, it is a duplicate.
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
          // One photo may fail; an error that every photo would meet ends the run.
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

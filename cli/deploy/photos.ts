import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import type { ResultDocument } from '../../shared/results/document.ts';
import { resultKeys } from '../../shared/results/keys.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { LocalFile } from '../files.ts';
import { uploadFile } from '../upload.ts';

export interface ProcessedPhoto {
  readonly name: string;
  readonly outcome: string;
  readonly faces: number;
  /** Key of the result document. */
  readonly document: string;
  /** Milliseconds from the upload to the result. */
  readonly ms: number;
}

export interface WatchedBucket {
  readonly store: ObjectStore;
  readonly results: ObjectStore;
  readonly sourcePrefix: string;
  readonly resultPrefix: string;
}

/** The poller looks once per minute. */
const WAIT_MS = 120_000;
const LOOK_MS = 200;

/** Uploads a photo and waits until a function has written its result. Throws `ServiceUnavailable` if none comes. */
export async function processPhoto(file: LocalFile, bucket: WatchedBucket): Promise<ProcessedPhoto> {
  const { store, results, sourcePrefix, resultPrefix } = bucket;
  const key = `${sourcePrefix}${file.name}`;
  const startedAt = performance.now();
  const { requestId } = await uploadFile(store, key, file.path);
  const { document } = resultKeys(resultPrefix, { bucket: store.bucket, key });
  while (performance.now() - startedAt < WAIT_MS) {
    const found = await readDocument(results, document);
    if (found?.source.requestId === requestId) {
      const ms = Math.round(performance.now() - startedAt);
      return { name: file.name, outcome: found.outcome, faces: found.faces.length, document, ms };
    }
    await sleep(LOOK_MS);
  }
  throw new AppError(
    'ServiceUnavailable',
    `no result for oss://${store.bucket}/${key} within ${WAIT_MS / 1000} s: see the function's log`,
  );
}

async function readDocument(store: ObjectStore, key: string): Promise<ResultDocument | undefined> {
  if (!(await store.head(key))) return undefined;
  const { body } = await store.get(key);
  return JSON.parse(Buffer.concat(await body.toArray()).toString()) as ResultDocument;
}

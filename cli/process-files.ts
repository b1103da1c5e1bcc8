import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pLimit from 'p-limit';
import type { OneProcess } from '../local/one-process.ts';
import type { DispatchOutcome } from '../shared/pipeline/dispatch.ts';
import type { ResultDocument } from '../shared/results/document.ts';
import { resultKeys } from '../shared/results/keys.ts';
import type { LocalFile } from './files.ts';
import { uploadFile } from './upload.ts';

/** What became of one file. */
export interface FileResult {
  readonly name: string;
  readonly outcome: DispatchOutcome['outcome'];
  readonly faces: number;
  /** Milliseconds from the upload to the outcome; absent when an earlier run had done it. */
  readonly ms?: number;
  /** Key of the result document. */
  readonly document: string;
  /** Why there is no result. */
  readonly reason?: string;
}

/** Enough to keep the engine busy while others upload and publish. */
const AT_ONCE = 4;

/** Uploads every file that has no result yet and waits for its outcome; results are in the order of the files. */
export async function processFiles(
  house: OneProcess,
  files: readonly LocalFile[],
  onDone: (result: FileResult) => void,
): Promise<FileResult[]> {
  const limit = pLimit(AT_ONCE);
  return Promise.all(
    files.map((file) =>
      limit(async () => {
        const result = (await earlierResult(house, file)) ?? (await uploadAndWait(house, file));
        onDone(result);
        return result;
      }),
    ),
  );
}

/** The result of an earlier run, when it was for the same bytes. */
async function earlierResult(house: OneProcess, file: LocalFile): Promise<FileResult | undefined> {
  const key = keyOf(house, file);
  const head = await house.bucket.head(key);
  if (!head || head.etag !== (await md5Of(file.path))) return undefined;
  const { document } = resultKeys(house.options.resultPrefix, { bucket: house.bucket.bucket, key });
  if (!(await house.bucket.head(document))) return undefined;
  const { outcome, faces, error } = await readDocument(house, document);
  return { name: file.name, outcome, faces: faces.length, document, ...(error && { reason: error.message }) };
}

async function uploadAndWait(house: OneProcess, file: LocalFile): Promise<FileResult> {
  const key = keyOf(house, file);
  const started = performance.now();
  const outcomes = house.outcomes.watch(key);
  try {
    const { requestId } = await uploadFile(house.bucket, key, file.path);
    const outcome = await outcomes.of(requestId);
    const document = 'document' in outcome ? outcome.document : '';
    return {
      name: file.name,
      outcome: outcome.outcome,
      faces: outcome.outcome === 'processed' ? outcome.faces : 0,
      ms: performance.now() - started,
      document,
      ...('reason' in outcome && { reason: outcome.reason }),
    };
  } finally {
    outcomes.close();
  }
}

const keyOf = (house: OneProcess, file: LocalFile) => `${house.options.sourcePrefix}${file.name}`;

async function readDocument(house: OneProcess, key: string): Promise<ResultDocument> {
  const { body } = await house.bucket.get(key);
  let text = '';
  for await (const chunk of body.setEncoding('utf8')) text += chunk;
  return JSON.parse(text) as ResultDocument;
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex').toUpperCase();
}

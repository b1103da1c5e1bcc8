import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pLimit from 'p-limit';
import type { OneProcess } from '../local/start/one-process.ts';
import { readText } from '../shared/oss/read-text.ts';
import type { Outcome } from '../shared/pipeline/outcome.ts';
import type { ResultDocument } from '../shared/results/document.ts';
import { resultKeys } from '../shared/results/keys.ts';
import type { LocalFile } from './files.ts';
import { uploadFile } from './upload.ts';

/** The result of one file. */
export interface FileResult {
  readonly name: string;
  readonly outcome: Outcome['outcome'];
  readonly faces: number;
  /** Milliseconds from the upload to the outcome; absent when an earlier run processed the file. */
  readonly ms?: number;
  /** Key of the result document. */
  readonly document: string;
  /** Why there is no result. */
  readonly reason?: string;
}

/** Files in parallel: enough to keep the engine busy while others upload and publish. */
const MAX_PARALLEL = 4;

/** Uploads every file that has no result yet and waits for its outcome; results are in the order of the files. */
export async function processFiles(
  app: OneProcess,
  files: readonly LocalFile[],
  onDone: (result: FileResult) => void,
): Promise<FileResult[]> {
  const limit = pLimit(MAX_PARALLEL);
  return Promise.all(
    files.map((file) =>
      limit(async () => {
        const result = (await earlierResult(app, file)) ?? (await uploadAndWait(app, file));
        onDone(result);
        return result;
      }),
    ),
  );
}

/** The result of an earlier run for the same bytes. */
async function earlierResult(app: OneProcess, file: LocalFile): Promise<FileResult | undefined> {
  const key = keyOf(app, file);
  const head = await app.bucket.head(key);
  if (!head || head.etag !== (await md5Of(file.path))) return undefined;
  const { document } = resultKeys(app.options.resultPrefix, { bucket: app.bucket.bucket, key });
  const found = await readText(app.bucket, document);
  if (!found) return undefined;
  const { outcome, faces, error } = JSON.parse(found.text) as ResultDocument;
  return { name: file.name, outcome, faces: faces.length, document, reason: error?.message };
}

async function uploadAndWait(app: OneProcess, file: LocalFile): Promise<FileResult> {
  const key = keyOf(app, file);
  const started = performance.now();
  const outcomes = app.outcomes.watch(key);
  try {
    const { requestId } = await uploadFile(app.bucket, key, file.path);
    const outcome = await outcomes.of(requestId);
    const document = 'document' in outcome ? outcome.document : '';
    return {
      name: file.name,
      outcome: outcome.outcome,
      faces: outcome.outcome === 'processed' ? outcome.faces : 0,
      ms: performance.now() - started,
      document,
      reason: 'reason' in outcome ? outcome.reason : undefined,
    };
  } finally {
    outcomes.close();
  }
}

const keyOf = (app: OneProcess, file: LocalFile) => `${app.options.sourcePrefix}${file.name}`;

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex').toUpperCase();
}

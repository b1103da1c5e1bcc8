import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Files from '../../cli/process-files.ts';
import type * as Start from '../../local/start/one-process.ts';
import type * as Log from '../../shared/runtime/log.ts';
import { processorMs } from '../../test/support/process-tree.ts';
import { report } from './measure.ts';
import { manyPhotos, oneFacePhoto } from './photos.ts';
import { median } from './statistics.ts';

// All stages of one checkout: HTTP uploads, events, queue, poller, recognition, and results in the bucket.
const root = process.argv[2]!;
const load = (path: string) => import(pathToFileURL(join(root, path)).href);
const start = existsSync(join(root, 'local/start')) ? 'local/start/one-process.ts' : 'local/one-process.ts';
const { startOneProcess } = (await load(start)) as typeof Start;
const { processFiles } = (await load('cli/process-files.ts')) as typeof Files;
const { createLogger } = (await load('shared/runtime/log.ts')) as typeof Log;

const dataDir = await mkdtemp(join(tmpdir(), 'mnsoss-face-bench-'));
const logger = createLogger({ level: 'error' });
const app = await startOneProcess({ dataDir, ossPort: 0, mnsPort: 0, env: {}, logger });
try {
  const files = await manyPhotos();
  const oneFace = await oneFacePhoto();
  await run(files.slice(0, 4).map((file) => ({ ...file, name: `warm-up/${file.name}` })));

  const started = performance.now();
  const before = processorMs();
  const results = await run(files);
  const totalMs = performance.now() - started;
  const usedMs = processorMs() - before;

  const oneFaceMs = await oneAtATime(
    Array.from({ length: 12 }, (_, i) => ({ ...oneFace, name: `one/${i}.jpg` })),
  );
  const groupMs = await oneAtATime(
    files.slice(0, 18).map((file) => ({ ...file, name: `group/${file.name}` })),
  );
  report({
    images: files.length,
    faces: results.reduce((sum, { faces }) => sum + faces, 0),
    totalMs,
    processorMs: usedMs,
    oneFaceMs,
    groupMs,
  });
} finally {
  await app.stop();
  await rm(dataDir, { recursive: true, force: true });
}

function run(files: Parameters<typeof processFiles>[1]): Promise<Files.FileResult[]> {
  return processFiles(app, files, () => undefined);
}

/** Median milliseconds from an upload to its outcome, one upload at a time. */
async function oneAtATime(files: Parameters<typeof processFiles>[1]): Promise<number> {
  const times: number[] = [];
  for (const file of files) {
    const [result] = await run([file]);
    if (result?.outcome !== 'processed')
      throw new Error(`${file.name}: ${result?.outcome} ${result?.reason}`);
    times.push(result.ms!);
  }
  return median(times);
}

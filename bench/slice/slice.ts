import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileResult, processFiles } from '../../cli/process-files.ts';
import { startOneProcess } from '../../local/start/one-process.ts';
import type { Stage } from '../../shared/pipeline/outcome.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { highestRssMb, report } from './measure.ts';
import { manyPhotos, oneFacePhoto } from './photos.ts';
import { median } from './statistics.ts';

// All stages: HTTP uploads, events, queue, poller, recognition, and results in the bucket.
const dataDir = await mkdtemp(join(tmpdir(), 'mnsoss-face-bench-'));
const stages: Partial<Record<Stage, number[]>> = {};
const logger = createLogger({ level: 'info', write: noteStages });
const app = await startOneProcess({ dataDir, ossPort: 0, mnsPort: 0, env: {}, logger });
try {
  const files = await manyPhotos();
  const oneFace = await oneFacePhoto();
  await run([{ ...files[0]!, name: 'warm-up.jpg' }]);
  for (const stage of Object.keys(stages)) delete stages[stage as Stage];

  const started = performance.now();
  const results = await run(files);
  const totalMs = performance.now() - started;
  const duringRun = structuredClone(stages);

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
    oneFaceMs,
    groupMs,
    stages: duringRun,
    rssMb: highestRssMb(),
  });
} finally {
  await app.stop();
  await rm(dataDir, { recursive: true, force: true });
}

function run(files: Parameters<typeof processFiles>[1]): Promise<FileResult[]> {
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

function noteStages(line: string): void {
  const { outcome, durations } = JSON.parse(line);
  if (outcome !== 'processed') return;
  for (const [stage, took] of Object.entries<number>(durations)) {
    stages[stage as Stage] = [...(stages[stage as Stage] ?? []), took];
  }
}

import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { withPicture } from '../../shared/faces/picture.ts';
import { suitableWorkers } from '../../shared/faces/pictures/capacity.ts';
import { openEngine } from '../../shared/pipeline/compose/engine.ts';
import { imageBounds, readPipelineOptions } from '../../shared/pipeline/options.ts';
import { renderPlan } from '../../shared/pipeline/render-plan.ts';
import { readCapacity } from '../../shared/runtime/capacity.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../shared/runtime/credentials.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { processorMs } from '../../test/support/process-tree.ts';
import { report } from './measure.ts';
import { manyPhotos } from './photos.ts';

// The floor: what every program must do to make these results with this engine. It decodes, finds faces, draws and
// encodes in as many processes, and writes the same files once each, synchronized to the disk.
const AT_ONCE = 4;
const options = readPipelineOptions({});
const engine = await openEngine('local', {
  env: {},
  credentials: environmentCredentials({}),
  clock: systemClock,
  random: Math.random,
  logger: silentLogger,
  engineWorkers: suitableWorkers(readCapacity()),
});
const files = await Promise.all((await manyPhotos()).map(({ path }) => readFile(path)));
const folder = await mkdtemp(join(tmpdir(), 'mnsoss-face-bench-'));
await engine.warmUp();
await Promise.all(files.slice(0, 4).map((bytes, index) => analyzeAndWrite(bytes, `warm-up-${index}`)));

const limit = pLimit(AT_ONCE);
const started = performance.now();
const before = processorMs();
const found = await Promise.all(
  files.map((bytes, index) => limit(() => analyzeAndWrite(bytes, String(index)))),
);
const totalMs = performance.now() - started;
const usedMs = processorMs() - before;
await engine.close();
await rm(folder, { recursive: true, force: true });

report({
  images: files.length,
  faces: found.reduce((sum, faces) => sum + faces, 0),
  totalMs,
  processorMs: usedMs,
  oneFaceMs: 0,
  groupMs: 0,
});

/** Resolves to the number of faces. */
async function analyzeAndWrite(bytes: Buffer, name: string): Promise<number> {
  const asked = { attributes: new Set(options.attributes), embeddings: false };
  return withPicture(engine.open(bytes, { bounds: imageBounds(options) }), async (picture) => {
    const faces = await picture.faces(asked);
    const { annotated, crops } = await picture.render(renderPlan(faces, options));
    const document = Buffer.from(JSON.stringify(faces, null, 2));
    const results = [bytes, annotated!, ...crops, document];
    await Promise.all(results.map((content, index) => write(join(folder, `${name}-${index}`), content)));
    return faces.length;
  });
}

async function write(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  await file.writeFile(content);
  await file.datasync();
  await file.close();
}

import { readFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import { withPicture } from '../../shared/faces/picture.ts';
import { suitableWorkers } from '../../shared/faces/pictures/capacity.ts';
import { openEngine } from '../../shared/pipeline/compose/engine.ts';
import { imageBounds, readPipelineOptions } from '../../shared/pipeline/options.ts';
import { readCapacity } from '../../shared/runtime/capacity.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../shared/runtime/credentials.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { highestRssMb, report } from './measure.ts';
import { manyPhotos } from './photos.ts';

// The minimum: only what every program must do to find these faces with this engine, on the same number of threads.
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
await engine.warmUp();

const asked = { attributes: new Set(options.attributes), embeddings: false };
const analyze = (bytes: Buffer) =>
  withPicture(engine.open(bytes, { bounds: imageBounds(options) }), (picture) => picture.faces(asked));
await analyze(files[0]!);

const limit = pLimit(AT_ONCE);
const started = performance.now();
const found = await Promise.all(files.map((bytes) => limit(() => analyze(bytes))));
const totalMs = performance.now() - started;
const faces = found.flat().length;
await engine.close();

report({ images: files.length, faces, totalMs, oneFaceMs: 0, groupMs: 0, stages: {}, rssMb: highestRssMb() });

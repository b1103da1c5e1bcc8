import { readFile } from 'node:fs/promises';
import { createLocalEngine } from '../../shared/faces/engines/local/engine.ts';
import { decodeImage } from '../../shared/images/decode.ts';
import { readPipelineOptions } from '../../shared/pipeline/options.ts';
import { imageBounds } from '../../shared/pipeline/process.ts';
import { highestRssMb, report } from './measure.ts';
import { manyPhotos } from './photos.ts';

// The floor: what any program that finds these faces with this engine must do, and nothing else.
const options = readPipelineOptions({});
const engine = createLocalEngine();
const files = await Promise.all((await manyPhotos()).map(({ path }) => readFile(path)));
await engine.warmUp();

const analyze = async (bytes: Buffer) => {
  const image = await decodeImage(bytes, imageBounds(options));
  return engine.analyze(image, { attributes: new Set(options.attributes), embeddings: false });
};
await analyze(files[0]!);

let faces = 0;
const started = performance.now();
for (const bytes of files) faces += (await analyze(bytes)).length;
const totalMs = performance.now() - started;

report({ images: files.length, faces, totalMs, oneFaceMs: 0, groupMs: 0, stages: {}, rssMb: highestRssMb() });

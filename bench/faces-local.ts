/**
 * The local face engine on the sample photos of @vladmandic/face-api: cold start of a whole process, then decoding
 * and analysis, warm, then crowds made of these photos. Prints medians and the range of the middle 80 %; processor
 * time beside wall time, because only the first holds on a busy machine. Fails when it does not find exactly the
 * faces of a photo.
 *
 *     npx tsx bench/faces-local.ts [rounds]
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import sharp from 'sharp';
import { createLocalEngine } from '../shared/faces/engines/local/engine.ts';
import type { AttributeName, Box } from '../shared/faces/face.ts';
import { decodeImage } from '../shared/images/decode.ts';
import { DEFAULT_IMAGE_BOUNDS } from '../shared/images/image.ts';
import {
  countFound,
  crowd,
  decodeSample,
  SAMPLE_NUMBERS,
  SAMPLES,
  type Sample,
  sampleBytes,
  samplePath,
} from '../test/support/photos.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
const COLD_STARTS = 7;
const ATTRIBUTES: ReadonlySet<AttributeName> = new Set(['age', 'gender', 'expression']);
const BOXES_ONLY = { attributes: new Set<AttributeName>(), embeddings: false };

interface Photo {
  readonly name: string;
  readonly bytes: Buffer;
  readonly faces: number;
}

const portrait = await sharp(samplePath(3))
  .extract({ left: 850, top: 0, width: 640, height: 800 })
  .toBuffer();
const photos: Photo[] = [
  { name: 'portrait 640 × 800', bytes: portrait, faces: 1 },
  ...SAMPLE_NUMBERS.map((sample) => ({
    name: `sample${sample}`,
    bytes: sampleBytes(sample),
    faces: SAMPLES[sample],
  })),
];

console.log(
  `${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}, ${ROUNDS} rounds`,
);
await benchColdStart();
await benchPhotos();
await benchCrowds();

async function benchColdStart(): Promise<void> {
  // Beside the sources, so that the bundle finds node_modules.
  const folder = await mkdtemp(new URL('.cold-', import.meta.url).pathname);
  try {
    const outfile = join(folder, 'cold.js');
    await build({
      stdin: {
        contents: `
          import { readFileSync } from 'node:fs';
          import { createLocalEngine } from './shared/faces/engines/local/engine.ts';
          import { decodeImage } from './shared/images/decode.ts';
          import { DEFAULT_IMAGE_BOUNDS } from './shared/images/image.ts';
          const engine = createLocalEngine();
          const [image] = await Promise.all([
            decodeImage(readFileSync(process.argv[2]), DEFAULT_IMAGE_BOUNDS),
            engine.warmUp(),
          ]);
          const attributes = new Set(['age', 'gender', 'expression']);
          console.log((await engine.analyze(image, { attributes, embeddings: true })).length);`,
        resolveDir: new URL('..', import.meta.url).pathname,
      },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
    });
    const times: number[] = [];
    for (let i = 0; i < COLD_STARTS; i++) {
      const started = performance.now();
      const { stdout } = spawnSync(process.execPath, [outfile, samplePath(1)], { encoding: 'utf8' });
      times.push(performance.now() - started);
      check('cold start', Number(stdout), 3);
    }
    console.log(`cold start, process to first result: ${spread(times)}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function benchPhotos(): Promise<void> {
  const engine = createLocalEngine();
  await engine.warmUp();
  console.log(
    `${'photo'.padEnd(20)} faces   decode, ms          boxes, ms           all, ms             all, CPU ms`,
  );
  for (const { name, bytes, faces } of photos) {
    const decode: number[] = [];
    const boxes: number[] = [];
    const all: number[] = [];
    const cpu: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const image = await timed(decode, () => decodeImage(bytes, DEFAULT_IMAGE_BOUNDS));
      await timed(boxes, () => engine.analyze(image, BOXES_ONLY));
      const before = process.cpuUsage();
      const found = await timed(all, () =>
        engine.analyze(image, { attributes: ATTRIBUTES, embeddings: true }),
      );
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1000);
      check(name, found.length, faces);
    }
    const columns = [decode, boxes, all, cpu].map((times) => spread(times).padEnd(19));
    console.log(`${name.padEnd(20)} ${String(faces).padStart(5)}   ${columns.join(' ')}`);
  }
  await engine.close();
  console.log(
    `resident memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most, tsx included`,
  );
}

/** How many faces are found the smaller they get, and how many boxes are none of them. */
async function benchCrowds(): Promise<void> {
  const engine = createLocalEngine();
  const known = new Map<Sample, Box[]>();
  for (const sample of SAMPLE_NUMBERS) {
    const image = await decodeSample(sample);
    const faces = await engine.analyze(image, BOXES_ONLY);
    const fractions = faces.map(({ box }) => ({
      x: box.x / image.width,
      y: box.y / image.height,
      width: box.width / image.width,
      height: box.height / image.height,
    }));
    known.set(sample, fractions);
  }
  console.log('crowd        mean width of a face   found     others   boxes, ms');
  for (const [width, height] of [
    [1920, 1440],
    [1440, 1920],
  ] as const) {
    for (const across of [2, 3, 4, 5, 6, 8]) {
      const { image, boxes } = await crowd(across, (sample) => known.get(sample)!, { width, height });
      const times: number[] = [];
      const faces = await timed(times, () => engine.analyze(image, BOXES_ONLY));
      const found = countFound(
        boxes,
        faces.map(({ box }) => box),
      );
      const mean = boxes.reduce((sum, box) => sum + box.width, 0) / boxes.length;
      const columns = [`${found}/${boxes.length}`.padEnd(9), String(faces.length - found).padEnd(8)];
      console.log(
        `${width} × ${height} ${mean.toFixed(0).padStart(18)} px   ${columns.join(' ')} ${times[0]!.toFixed(0)}`,
      );
    }
  }
  await engine.close();
}

async function timed<T>(times: number[], work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  times.push(performance.now() - started);
  return result;
}

/** Median and the range that holds the middle 80 %. */
function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!.toFixed(1);
  return `${at(0.5)} (${at(0.1)}–${at(0.9)})`;
}

function check(name: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${name}: ${found} faces, expected ${expected}`);
}

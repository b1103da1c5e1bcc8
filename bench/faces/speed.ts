import type { RasterEngine } from '../../shared/faces/engine.ts';
import type { AttributeName } from '../../shared/faces/face.ts';
import { type Picture, type Pictures, withPicture } from '../../shared/faces/picture.ts';
import { createPicturePool } from '../../shared/faces/pictures/pool.ts';
import { DEFAULT_IMAGE_BOUNDS, MEGABYTE, type UprightImage } from '../../shared/images/image.ts';
import { crowd, decodeSample, SAMPLE_NUMBERS, sampleBytes } from '../../test/support/photos.ts';
import { residentMb } from '../../test/support/process-tree.ts';
import { quantile } from './statistics.ts';

const ASK = {
  attributes: new Set<AttributeName>(['age', 'gender', 'expression']),
  embeddings: true,
} as const;
const ROUNDS = 15;
/** Turns of each side in the comparison of processes. */
const TURNS = 5;
const REPEATS = 3;

export interface Speed {
  readonly faces: number;
  readonly size: string;
  /** Milliseconds of analysis, decoding excluded. */
  readonly median: number;
  readonly p95: number;
  /** Milliseconds of processor time, which varies less on a busy machine. */
  readonly processor: number;
}

/** Of the given images, and of two with 5 and about 20 faces. */
export async function measureSpeed(engine: RasterEngine, images: readonly UprightImage[]): Promise<Speed[]> {
  const speeds: Speed[] = [];
  const { image: many } = await crowd(2, () => [], { width: 1920, height: 2160 });
  for (const image of [...images, await decodeSample(5), many]) {
    const { length: faces } = await engine.analyze(image, ASK);
    const times: number[] = [];
    const processor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = process.cpuUsage();
      const started = performance.now();
      await engine.analyze(image, ASK);
      times.push(performance.now() - started);
      const { user, system } = process.cpuUsage(before);
      processor.push((user + system) / 1000);
    }
    speeds.push({
      faces,
      size: `${image.raster.width} × ${image.raster.height}`,
      median: quantile(times, 0.5),
      p95: quantile(times, 0.95),
      processor: quantile(processor, 0.5),
    });
  }
  return speeds;
}

export interface Processes {
  readonly workers: number;
  /** Images per second, decoding included. */
  readonly alone: number;
  readonly together: number;
  /** One ratio per turn. */
  readonly ratios: readonly number[];
  /** Of the processes beside this one. */
  readonly rssMb: { readonly alone: number; readonly together: number };
}

/** Processes the sample photos all at once, alternately in one process and in several. */
export async function compareProcesses(workers: number): Promise<Processes> {
  const samples = SAMPLE_NUMBERS.map((sample) => sampleBytes(sample));
  const files = Array.from({ length: REPEATS }, () => samples).flat();
  const open = (count: number) =>
    createPicturePool({
      engine: {},
      workers: count,
      maxWaiting: files.length,
      memoryBytes: 4096 * MEGABYTE,
      maxPictureMb: DEFAULT_IMAGE_BOUNDS.maxPictureMb,
    });
  const rate = async (pictures: Pictures<Picture>): Promise<number> => {
    const started = performance.now();
    const found = await Promise.all(
      files.map((file) =>
        withPicture(pictures.open(file, { bounds: DEFAULT_IMAGE_BOUNDS }), (picture) => picture.faces(ASK)),
      ),
    );
    const faces = found.flat().length;
    if (faces !== 22 * REPEATS) throw new Error(`${faces} faces, expected ${22 * REPEATS}`);
    return (files.length * 1000) / (performance.now() - started);
  };
  const before = residentMb();
  const single = open(1);
  await rate(single);
  const aloneMb = residentMb() - before;
  const several = open(workers);
  await rate(several);
  const togetherMb = residentMb() - before - aloneMb;
  const alone: number[] = [];
  const together: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    alone.push(await rate(single));
    together.push(await rate(several));
  }
  await Promise.all([single.close(), several.close()]);
  return {
    workers,
    alone: quantile(alone, 0.5),
    together: quantile(together, 0.5),
    ratios: together.map((value, turn) => value / alone[turn]!),
    rssMb: { alone: aloneMb, together: togetherMb },
  };
}

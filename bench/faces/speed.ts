import type { FaceEngine } from '../../shared/faces/engine.ts';
import { createLocalEngine } from '../../shared/faces/engines/local/engine.ts';
import { createEnginePool } from '../../shared/faces/engines/local/pool.ts';
import type { AttributeName } from '../../shared/faces/face.ts';
import type { UprightImage } from '../../shared/images/image.ts';
import { crowd, decodeSample, SAMPLE_NUMBERS } from '../../test/support/photos.ts';
import { quantile } from './statistics.ts';

const ASK = {
  attributes: new Set<AttributeName>(['age', 'gender', 'expression']),
  embeddings: true,
} as const;
const ROUNDS = 15;
/** Turns of each side in the comparison of threads. */
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
export async function measureSpeed(engine: FaceEngine, images: readonly UprightImage[]): Promise<Speed[]> {
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

export interface Threads {
  readonly workers: number;
  /** Images per second. */
  readonly alone: number;
  readonly together: number;
  /** One ratio per turn. */
  readonly ratios: readonly number[];
  readonly rssMb: { readonly alone: number; readonly together: number };
}

/** Analyzes the sample photos all at once, alternately on this thread and on several. */
export async function compareThreads(workers: number): Promise<Threads> {
  const samples = await Promise.all(SAMPLE_NUMBERS.map((sample) => decodeSample(sample)));
  const images = Array.from({ length: REPEATS }, () => samples).flat();
  const rate = async (engine: FaceEngine): Promise<number> => {
    const started = performance.now();
    const found = await Promise.all(images.map((image) => engine.analyze(image, ASK)));
    const faces = found.flat().length;
    if (faces !== 22 * REPEATS) throw new Error(`${faces} faces, expected ${22 * REPEATS}`);
    return (images.length * 1000) / (performance.now() - started);
  };
  const single = createLocalEngine();
  await rate(single);
  const aloneMb = process.memoryUsage().rss / 1024 / 1024;
  const pool = createEnginePool({ workers, maxWaiting: images.length });
  await rate(pool);
  const togetherMb = process.memoryUsage().rss / 1024 / 1024;
  const alone: number[] = [];
  const together: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    alone.push(await rate(single));
    together.push(await rate(pool));
  }
  await Promise.all([single.close(), pool.close()]);
  return {
    workers,
    alone: quantile(alone, 0.5),
    together: quantile(together, 0.5),
    ratios: together.map((value, turn) => value / alone[turn]!),
    rssMb: { alone: aloneMb, together: togetherMb - aloneMb },
  };
}

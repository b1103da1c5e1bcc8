import { randomUUID } from 'node:crypto';
import { createOssFaceIndex } from '../../shared/faces/index/oss/face-index.ts';
import type { PictureWrite } from '../../shared/faces/index/sighting.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { type Random, seededRandom } from '../../shared/runtime/random.ts';
import { createMemoryStore } from '../../test/support/memory-store.ts';

export interface ScaleRow {
  readonly faces: number;
  /** Milliseconds for one more face: median of many. */
  readonly put: number;
  /** Milliseconds of one search above the match threshold: median. */
  readonly search: number;
  /** Longest time in which the event loop did nothing else while searches ran, in milliseconds. */
  readonly blocked: number;
  /** Share of the faces that an exact comparison finds above the threshold. */
  readonly recall: number;
  /** Memory of the process beyond what it had before the index, in MB. */
  readonly megabytes: number;
}

const SIZE = 512;
const SEARCHES = 40;
const PUTS = 200;
const THRESHOLD = 0.45;

/**
 * Makes an index of `faces` sightings and measures it. Each sighting is a neighbor of one of `seeds`, with a cosine that is
 * as varied as among real people.
 */
export async function measureScale(faces: number, seeds: readonly Float32Array[]): Promise<ScaleRow> {
  const random = seededRandom(faces);
  global.gc?.();
  const before = usedMemory();
  const store = createMemoryStore({ clock: systemClock });
  const index = createOssFaceIndex({
    // What is stored is not part of the memory of the index.
    store: { ...store, put: async () => ({ etag: '', requestId: '' }) },
    prefix: 'index/',
    embedder: { name: 'bench', size: SIZE },
    clock: systemClock,
    newId: () => randomUUID().slice(0, 12),
    logger: silentLogger,
    refreshMs: 3_600_000,
    maxSegments: Number.POSITIVE_INFINITY,
  });
  let written = 0;
  const putOne = async () => {
    const write = aWrite(written++);
    const embedding = neighbor(seeds[Math.floor(random() * seeds.length)]!, 0.3 + 0.6 * random(), random);
    await index.put(write, [
      { number: 0, box: { x: 10, y: 10, width: 90, height: 90 }, quality: 0.7, embedding },
    ]);
  };
  while (written < faces - PUTS) await putOne();
  const puts: number[] = [];
  for (let i = 0; i < PUTS; i++) puts.push(await timed(putOne));
  await index.count();

  const searches: number[] = [];
  const ask = (probe: Float32Array, limit: number, minSimilarity: number) =>
    index.search([probe], { limit, minSimilarity });
  const probes = Array.from({ length: SEARCHES }, (_, i) => neighbor(seeds[i % seeds.length]!, 0.75, random));
  await ask(probes[0]!, 20, THRESHOLD);
  const blocked = watchLoop();
  for (const probe of probes) searches.push(await timed(() => ask(probe, 20, THRESHOLD)));
  const worst = blocked.stop();
  let found = 0;
  let exact = 0;
  for (const probe of probes.slice(0, 10)) {
    // Below a similarity of -0.9 nothing is left out, so this is exact.
    const [all] = await ask(probe, 1000, -1);
    const [near] = await ask(probe, 1000, THRESHOLD);
    exact += all!.filter(({ similarity }) => similarity >= THRESHOLD).length;
    found += near!.length;
  }
  global.gc?.();
  const megabytes = (usedMemory() - before) / 1e6;
  await index.close();
  return {
    faces,
    put: median(puts),
    search: median(searches),
    blocked: worst,
    recall: found / exact,
    megabytes,
  };
}

function aWrite(number: number): PictureWrite {
  const key = `incoming/2026/11/29/IMG_${String(number).padStart(8, '0')}.jpg`;
  const requestId = number.toString(16).toUpperCase().padStart(24, '0');
  return { bucket: 'photos', key, requestId, time: 1_700_000_000_000 + number * 1000 };
}

/** A unit vector with this cosine to the center. */
export function neighbor(center: Float32Array, cosine: number, random: Random): Float32Array {
  const noise = new Float32Array(center.length);
  let along = 0;
  let length = 0;
  for (let i = 0; i < noise.length; i++) {
    noise[i] = random() - 0.5;
    along += noise[i]! * center[i]!;
    length += noise[i]! * noise[i]!;
  }
  const scale = Math.sqrt((1 - cosine * cosine) / (length - along * along));
  for (let i = 0; i < noise.length; i++) {
    noise[i] = cosine * center[i]! + scale * (noise[i]! - along * center[i]!);
  }
  return noise;
}

/** Bytes in use, without the free part of the heap: making the sightings leaves much of it. */
function usedMemory(): number {
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return rss - (heapTotal - heapUsed);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function watchLoop(): { stop(): number } {
  let last = performance.now();
  let worst = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last - 1);
    last = now;
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      return worst;
    },
  };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

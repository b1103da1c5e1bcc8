import { existsSync } from 'node:fs';
import { MEGABYTE } from '../../images/image.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { AppError } from '../../runtime/errors.ts';
import type { LocalEngineOptions } from '../engines/local/engine.ts';
import type { Picture, Pictures } from '../picture.ts';
import { createMemoryBudget } from './budget.ts';
import { enterLane } from './lanes.ts';
import { openRemotePicture } from './remote-picture.ts';
import { createResourcePool } from './resource-pool.ts';
import { createSlot } from './slot.ts';
import { type ReadUsage, readProcUsage } from './usage.ts';

export interface PicturePoolOptions {
  /** What finds faces; absent: pictures are only decoded and drawn. */
  readonly engine?: LocalEngineOptions;
  /** Processes; 1 or more. */
  readonly workers: number;
  /** Pictures that may be open on a process at once: more than one where each waits for a service. @default 1 */
  readonly picturesPerWorker?: number;
  /** Pictures that may wait for a process; one more is sent away with `Throttled`. */
  readonly maxWaiting: number;
  /** Memory for decoding that all pictures share. */
  readonly memoryBytes: number;
  /** MB that one picture may take of it; the system refuses a process more. */
  readonly maxPictureMb: number;
  /** Called for a process that ended by itself and whose picture is repeated; a second time, the error is thrown. */
  readonly onCrash?: (error: AppError) => void;
  /** What a process runs. @default the program beside this file, or beside the bundle */
  readonly entry?: URL;
  /** @default systemClock */
  readonly clock?: Clock;
  /** @default /proc on Linux; elsewhere a process looks at itself */
  readonly readUsage?: ReadUsage;
}

/** A picture takes 50 to 500 ms. */
const RETRY_AFTER_MS = 1000;
/** Memory that a process maps before its first picture, threads and models included. Measured: 250 to 330 MB. */
const STARTED_BYTES = 384 * MEGABYTE;
/** Ordinary photos come first where the cores are busy. More, and other programs would starve costly pictures. */
const COSTLY_NICENESS = 5;
/** An estimate may be exceeded by so much before the system refuses memory. */
const TOLERANCE = 1.15;

/**
 * Opens pictures in processes, so that a decoder can be ended and pixels never enter this process. A picture whose process ends is
 * repeated on another; when that one ends too, `EngineCrashed` is thrown, as the picture may be the cause.
 */
export function createPicturePool({
  engine,
  workers,
  picturesPerWorker = 1,
  maxWaiting,
  memoryBytes,
  maxPictureMb,
  onCrash = () => {},
  entry = programEntry(),
  clock = systemClock,
  readUsage = readProcUsage,
}: PicturePoolOptions): Pictures<Picture> {
  const largestMb = Math.floor(Math.min(maxPictureMb, memoryBytes / MEGABYTE));
  const processDeps = {
    entry,
    options: { engine, watchesItself: readUsage(process.pid) === undefined },
    dataBytes: STARTED_BYTES + largestMb * MEGABYTE * TOLERANCE,
    clock,
    readUsage,
  };
  const slots = Array.from({ length: workers }, () => createSlot(processDeps));
  // The last one is taken first, so the first slot starts first.
  const order = Array.from({ length: picturesPerWorker }, () => slots.toReversed()).flat();
  const limits = { maxWaiting, retryAfterMs: RETRY_AFTER_MS };
  // Where pictures come one at a time, none waits for a costly one.
  const costly = order.length > 1 ? createSlot({ ...processDeps, niceness: COSTLY_NICENESS }) : undefined;
  const lanes = {
    ordinary: createResourcePool(order, limits),
    costly: costly && createResourcePool([costly], limits),
  };
  const budget = createMemoryBudget(memoryBytes);

  return {
    async warmUp() {
      await slots[0]!.process();
    },
    async open(bytes, { bounds, signal }) {
      const lane = await enterLane(lanes, signal);
      const limited = { ...bounds, maxPictureMb: Math.min(bounds.maxPictureMb, largestMb) };
      return openRemotePicture(bytes, { bounds: limited, signal }, { lane, budget, onCrash });
    },
    async close() {
      await Promise.all([...slots, ...(costly ? [costly] : [])].map((slot) => slot.close()));
    },
  };
}

/** In a checkout the program lies beside this file; in a bundle, beside the entry, or the folder of its chunks. */
function programEntry(): URL {
  if (import.meta.url.endsWith('.ts')) return new URL('./main.ts', import.meta.url);
  for (const folder of ['.', '..']) {
    const built = new URL(`${folder}/picture-process.js`, import.meta.url);
    if (existsSync(built)) return built;
  }
  throw new AppError(
    'EngineUnavailable',
    'the file picture-process.js is missing beside the program: build it again',
  );
}

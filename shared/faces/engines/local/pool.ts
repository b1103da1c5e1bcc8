import { existsSync } from 'node:fs';
import type { UprightImage } from '../../../images/image.ts';
import { AppError, isAppError } from '../../../runtime/errors.ts';
import type { AnalyzeOptions, FaceEngine } from '../../engine.ts';
import type { Face } from '../../face.ts';
import { createLocalEngine, type LocalEngineOptions } from './engine.ts';
import { createPlaces } from './places.ts';
import { loadRuntime } from './session.ts';
import { createEngineThread, type EngineThread } from './thread.ts';

export interface EnginePoolOptions extends LocalEngineOptions {
  /** Threads, each with networks of its own; 1 or more. */
  readonly workers: number;
  /** Pictures that may wait for a thread; one more is sent away with `Throttled`. */
  readonly maxWaiting: number;
  /** Hears of a thread that ended by itself and whose picture is repeated; a second time, the error is thrown. */
  readonly onCrash?: (error: AppError) => void;
  /** What a thread runs; the engine's own file when absent. */
  readonly entry?: URL;
}

/** A picture takes a thread 50 to 500 ms. */
const RETRY_AFTER_MS = 1000;

/**
 * The local engine on several threads, a picture on each. Where a thread ends by itself another takes its place and its
 * picture; when that one ends too it throws `EngineCrashed`, as the picture may be the cause.
 */
export function createEnginePool(options: EnginePoolOptions): FaceEngine {
  const { workers, maxWaiting, onCrash, entry = threadEntry(), ...engineOptions } = options;
  // Loads nothing before it is asked; only who it is.
  const { name, version, embedder } = createLocalEngine(engineOptions);
  const threads = Array.from({ length: workers }, () => createEngineThread(entry, engineOptions));
  const places = createPlaces(threads, { maxWaiting, retryAfterMs: RETRY_AFTER_MS });
  const running = new Set<Promise<unknown>>();

  const analyzeOn = async (
    thread: EngineThread,
    image: UprightImage,
    asked: AnalyzeOptions,
  ): Promise<Face[]> => {
    try {
      return await thread.analyze(image, asked);
    } catch (error) {
      if (!isAppError(error, 'EngineCrashed')) throw error;
      onCrash?.(error);
    }
    return thread.analyze(image, asked);
  };

  return {
    name,
    version,
    embedder,
    async warmUp() {
      // Held by this thread too: a process that let its native part go with its last thread cannot load it again.
      await loadRuntime();
      await Promise.all(threads.map((thread) => thread.warmUp()));
    },
    async analyze(image, asked) {
      await loadRuntime();
      const work = places.use((thread) => analyzeOn(thread, image, asked), asked.signal);
      running.add(work);
      return work.finally(() => running.delete(work));
    },
    async close() {
      await Promise.allSettled(running);
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

/** In a checkout the entry lies beside this file; in a bundle, beside the program, or the folder of its chunks. */
function threadEntry(): URL {
  if (import.meta.url.endsWith('.ts')) return new URL('./worker.ts', import.meta.url);
  for (const folder of ['.', '..']) {
    const built = new URL(`${folder}/local-engine-worker.js`, import.meta.url);
    if (existsSync(built)) return built;
  }
  throw new AppError(
    'ConfigInvalid',
    'this build brings no code for threads of the engine along: set ENGINE_WORKERS=0',
  );
}

import { existsSync } from 'node:fs';
import type { UprightImage } from '../../../images/image.ts';
import { AppError, isAppError } from '../../../runtime/errors.ts';
import type { AnalyzeOptions, FaceEngine } from '../../engine.ts';
import type { Face } from '../../face.ts';
import { createLocalEngine, type LocalEngineOptions } from './engine.ts';
import { createResourcePool } from './resource-pool.ts';
import { loadRuntime } from './session.ts';
import { createEngineThread, type EngineThread } from './thread.ts';

export interface EnginePoolOptions extends LocalEngineOptions {
  /** Number of threads, each with its own networks; 1 or more. */
  readonly workers: number;
  /** Pictures that may wait for a thread. One more is rejected with `Throttled`. */
  readonly maxWaiting: number;
  /** Called when a thread has crashed and its picture is tried again. A second crash is thrown instead. */
  readonly onCrash?: (error: AppError) => void;
  /** The program of a thread. Default: the engine's own file. */
  readonly entry?: URL;
}

/** A thread needs 50 to 500 ms per picture. */
const RETRY_AFTER_MS = 1000;

/**
 * The local engine on several threads, one picture per thread. When a thread crashes, a new one replaces it and tries
 * the picture again. When that one crashes too, it throws `EngineCrashed`, because the picture may be the cause.
 */
export function createEnginePool(options: EnginePoolOptions): FaceEngine {
  const { workers, maxWaiting, onCrash, entry = threadEntry(), ...engineOptions } = options;
  // Needed for its name and version only; it loads nothing before its first call.
  const { name, version, embedder } = createLocalEngine(engineOptions);
  const threads = Array.from({ length: workers }, () => createEngineThread(entry, engineOptions));
  const threadPool = createResourcePool(threads, { maxWaiting, retryAfterMs: RETRY_AFTER_MS });
  const running = new Set<Promise<unknown>>();

  const analyzeOn = async (
    thread: EngineThread,
    image: UprightImage,
    analyzeOptions: AnalyzeOptions,
  ): Promise<Face[]> => {
    try {
      return await thread.analyze(image, analyzeOptions);
    } catch (error) {
      if (!isAppError(error, 'EngineCrashed')) throw error;
      onCrash?.(error);
    }
    return thread.analyze(image, analyzeOptions);
  };

  return {
    name,
    version,
    embedder,
    async warmUp() {
      // This thread loads the runtime too: a process that unloads it with its last thread cannot load it again.
      await loadRuntime();
      await Promise.all(threads.map((thread) => thread.warmUp()));
    },
    async analyze(image, analyzeOptions) {
      await loadRuntime();
      const analysis = threadPool.use(
        (thread) => analyzeOn(thread, image, analyzeOptions),
        analyzeOptions.signal,
      );
      running.add(analysis);
      return analysis.finally(() => running.delete(analysis));
    },
    async close() {
      await Promise.allSettled(running);
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

/** In a checkout the entry is beside this file; in a bundle, beside the program or above the folder of its chunks. */
function threadEntry(): URL {
  if (import.meta.url.endsWith('.ts')) return new URL('./worker.ts', import.meta.url);
  for (const folder of ['.', '..']) {
    const built = new URL(`${folder}/local-engine-worker.js`, import.meta.url);
    if (existsSync(built)) return built;
  }
  throw new AppError(
    'ConfigInvalid',
    'this build contains no code for threads of the engine: set ENGINE_WORKERS=0',
  );
}

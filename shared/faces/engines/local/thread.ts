import { Worker } from 'node:worker_threads';
import type { Raster, UprightImage } from '../../../images/image.ts';
import { onAbort } from '../../../runtime/abort.ts';
import { AppError, isAppError } from '../../../runtime/errors.ts';
import type { AnalyzeOptions } from '../../engine.ts';
import type { Face } from '../../face.ts';
import type { LocalEngineOptions } from './engine.ts';
import { deserializeError, type FromThread, type ToThread } from './messages.ts';
import { analysisAborted } from './resource-pool.ts';

/** An engine on its own thread. It takes one picture at a time, because its memory for pixels is reused. */
export interface EngineThread {
  /** Throws `EngineCrashed` when the thread ends before it answers. The next call starts a new one. */
  analyze(image: UprightImage, options: AnalyzeOptions): Promise<Face[]>;
  warmUp(): Promise<void>;
  /** Ends the thread. A later call starts a new one. */
  close(): Promise<void>;
}

interface Call {
  readonly resolve: (faces: Face[]) => void;
  readonly reject: (error: unknown) => void;
}

type Message = ToThread extends infer M ? (M extends ToThread ? Omit<M, 'id'> : never) : never;

export function createEngineThread(entry: URL, engine: LocalEngineOptions): EngineThread {
  let worker: Worker | undefined;
  let pixels = new SharedArrayBuffer(0);
  let ids = 0;
  const calls = new Map<number, Call>();

  const start = (): Worker => {
    const started = open(entry, engine);
    let cause: unknown;
    started.on('error', (error) => {
      cause = error;
    });
    started.on('message', (answer: FromThread) => {
      const call = calls.get(answer.id);
      calls.delete(answer.id);
      if (calls.size === 0) started.unref();
      if ('faces' in answer) call?.resolve(answer.faces);
      else call?.reject(deserializeError(answer.failure));
    });
    started.on('exit', (exitCode) => {
      if (worker === started) worker = undefined;
      const crash = new AppError('EngineCrashed', `a thread of the engine ended with ${exitCode}`, {
        cause,
        details: { exitCode },
      });
      for (const { reject } of calls.values()) reject(crash);
      calls.clear();
    });
    return started;
  };

  const call = async (message: Message, signal?: AbortSignal): Promise<Face[]> => {
    if (signal?.aborted) throw analysisAborted(signal);
    worker ??= start();
    const to = worker;
    const id = ids++;
    const stopListening = onAbort(signal, () => to.postMessage({ id, call: 'abort' } satisfies ToThread));
    const answer = new Promise<Face[]>((resolve, reject) => calls.set(id, { resolve, reject }));
    // An idle thread must not keep the process alive.
    to.ref();
    to.postMessage({ ...message, id } as ToThread);
    return answer.finally(stopListening);
  };

  /** Copies the pixels into memory that both threads share. The caller keeps its own copy to draw on later. */
  const share = ({ data, width, height }: Raster): Raster => {
    if (data.buffer instanceof SharedArrayBuffer) return { data, width, height };
    if (pixels.byteLength < data.length) pixels = new SharedArrayBuffer(data.length);
    const shared = new Uint8Array(pixels, 0, data.length);
    shared.set(data);
    return { data: shared, width, height };
  };

  return {
    analyze: (image, { attributes, embeddings, signal }) =>
      call(
        {
          call: 'analyze',
          image: { ...image, raster: share(image.raster) },
          options: { attributes, embeddings },
        },
        signal,
      ),
    async warmUp() {
      await call({ call: 'warm-up' });
    },
    async close() {
      const ending = worker;
      if (!ending) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      // A thread that crashes while it closes is closed too.
      await call({ call: 'close' }).catch(ignoreCrash);
      ending.ref();
      await ended;
    },
  };
}

/** A bundle's entry is JavaScript and runs as it is. A checkout's entry is TypeScript and needs tsx. */
function open(entry: URL, workerData: LocalEngineOptions): Worker {
  if (!entry.pathname.endsWith('.ts')) return new Worker(entry, { workerData });
  const fromSource = new URL('./from-source.js', import.meta.url);
  // Without the options of this process, which may name another loader.
  return new Worker(fromSource, { workerData, argv: [entry.href], execArgv: [] });
}

function ignoreCrash(error: unknown): void {
  if (!isAppError(error, 'EngineCrashed')) throw error;
}

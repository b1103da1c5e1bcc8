import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../../runtime/errors.ts';
import type { Hit, ScanRequest } from './scan.ts';

/** A thread that searches shared memory. */
export interface SearchThread {
  /** Throws `SearchCrashed` when the thread ends before it answers. The next call starts a new one. */
  search(requests: readonly ScanRequest[]): Promise<Hit[][]>;
  close(): Promise<void>;
}

/** What a thread gets when it starts. */
export interface ThreadData {
  readonly memory: WebAssembly.Memory;
  readonly size: number;
}

export interface ToThread {
  readonly id: number;
  readonly requests: readonly ScanRequest[];
}

export interface FromThread {
  readonly id: number;
  readonly hits: Hit[][];
}

interface Call {
  readonly resolve: (hits: Hit[][]) => void;
  readonly reject: (error: AppError) => void;
}

export function createSearchThread(
  memory: WebAssembly.Memory,
  size: number,
  entry: URL = threadEntry(),
): SearchThread {
  let worker: Worker | undefined;
  let ids = 0;
  const calls = new Map<number, Call>();

  const start = (): Worker => {
    const started = open(entry, { memory, size });
    let cause: unknown;
    started.on('error', (error) => {
      cause = error;
    });
    started.on('message', ({ id, hits }: FromThread) => {
      calls.get(id)?.resolve(hits);
      calls.delete(id);
      if (calls.size === 0) started.unref();
    });
    started.on('exit', (exitCode) => {
      if (worker === started) worker = undefined;
      const crash = new AppError('SearchCrashed', `the thread that searches faces ended with ${exitCode}`, {
        cause,
        details: { exitCode },
      });
      for (const { reject } of calls.values()) reject(crash);
      calls.clear();
    });
    return started;
  };

  return {
    search(requests) {
      worker ??= start();
      const id = ids++;
      const answer = new Promise<Hit[][]>((resolve, reject) => calls.set(id, { resolve, reject }));
      // An idle thread must not keep the process alive.
      worker.ref();
      worker.postMessage({ id, requests } satisfies ToThread);
      return answer;
    },
    async close() {
      await worker?.terminate();
    },
  };
}

/** A bundle's entry is JavaScript and runs as it is. A checkout's entry is TypeScript and needs tsx. */
function open(entry: URL, workerData: ThreadData): Worker {
  if (!entry.pathname.endsWith('.ts')) return new Worker(entry, { workerData });
  const fromSource = new URL('./from-source.js', import.meta.url);
  // Without the options of this process, which may name another loader.
  return new Worker(fromSource, { workerData, argv: [entry.href], execArgv: [] });
}

/** In a checkout the entry is beside this file; in a bundle, beside the program or above the folder of its chunks. */
function threadEntry(): URL {
  if (import.meta.url.endsWith('.ts')) return new URL('./worker.ts', import.meta.url);
  for (const folder of ['.', '..']) {
    const built = new URL(`${folder}/face-search-worker.js`, import.meta.url);
    if (existsSync(built)) return built;
  }
  throw new AppError('ConfigInvalid', 'this build contains no code for the thread that searches faces');
}

// The entry point of a thread of `pool.ts`.
import { parentPort, workerData } from 'node:worker_threads';
import { createLocalEngine, type LocalEngineOptions } from './engine.ts';
import { serveEngine } from './serve.ts';

serveEngine(parentPort!, createLocalEngine(workerData as LocalEngineOptions));

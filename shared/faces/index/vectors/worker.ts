// The entry point of the thread of `thread.ts`.
import { parentPort, workerData } from 'node:worker_threads';
import { layoutOf, openKernel } from './layout.ts';
import { createScanner } from './scan.ts';
import type { FromThread, ThreadData, ToThread } from './thread.ts';

const { memory, size } = workerData as ThreadData;
const scanner = createScanner(memory, openKernel(memory), layoutOf(size), 1);

parentPort!.on('message', ({ id, requests }: ToThread) => {
  const hits = requests.map((request) => scanner.scan(request));
  parentPort!.postMessage({ id, hits } satisfies FromThread);
});

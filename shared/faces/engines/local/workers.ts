import type { Capacity } from '../../../runtime/capacity.ts';

const MB = 1024 * 1024;
/** Memory of the program without the engine, including pictures that are decoded and drawn. */
const PROGRAM_BYTES = 256 * MB;
/** Measured: 70 to 110 MB per thread. */
const WORKER_BYTES = 128 * MB;
/** More threads were never measured. */
const MAX_WORKERS = 8;

/** Number of threads that suits the machine; 0 where only one fits, because one thread has no advantage. */
export function suitableWorkers({ cores, memoryBytes }: Capacity): number {
  const fitting = Math.floor((memoryBytes - PROGRAM_BYTES) / WORKER_BYTES);
  const workers = Math.min(Math.floor(cores), fitting, MAX_WORKERS);
  return workers < 2 ? 0 : workers;
}

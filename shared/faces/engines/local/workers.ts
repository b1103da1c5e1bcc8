import type { Capacity } from '../../../runtime/capacity.ts';

const MB = 1024 * 1024;
/** What the program needs without the engine, pictures that are decoded and drawn included. */
const PROGRAM_BYTES = 256 * MB;
/** Measured: 70 to 110 MB a thread. */
const WORKER_BYTES = 128 * MB;
/** More of them were never measured. */
const MOST = 8;

/** How many threads suit the machine; 0 where there is only room for one, which gains nothing. */
export function suitableWorkers({ cores, memoryBytes }: Capacity): number {
  const fitting = Math.floor((memoryBytes - PROGRAM_BYTES) / WORKER_BYTES);
  const workers = Math.min(Math.floor(cores), fitting, MOST);
  return workers < 2 ? 0 : workers;
}

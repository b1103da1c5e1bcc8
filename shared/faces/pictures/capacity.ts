import { DEFAULT_IMAGE_BOUNDS, MEGABYTE } from '../../images/image.ts';
import type { Capacity } from '../../runtime/capacity.ts';

/** The program itself, with the files that it holds and what it makes of them. */
const PROGRAM_BYTES = 256 * MEGABYTE;
/** A process with models and without a picture. */
const PROCESS_BYTES = 128 * MEGABYTE;
/** More of them were never measured. */
const MAX_PROCESSES = 8;
const MIN_BUDGET_BYTES = 64 * MEGABYTE;

/** Number of processes that suits the machine: one per core, as long as the largest picture and a process for it fit too. */
export function suitableWorkers({ cores, memoryBytes }: Capacity): number {
  const largest = DEFAULT_IMAGE_BOUNDS.maxPictureMb * MEGABYTE;
  const fitting = Math.floor((memoryBytes - PROGRAM_BYTES - PROCESS_BYTES - largest) / PROCESS_BYTES);
  return Math.max(1, Math.min(Math.floor(cores), fitting, MAX_PROCESSES));
}

/** Memory for decoding, which all pictures share. Several processes have one more for costly pictures. */
export function pictureBudget({ memoryBytes }: Pick<Capacity, 'memoryBytes'>, workers: number): number {
  const processes = workers > 1 ? workers + 1 : workers;
  return Math.max(MIN_BUDGET_BYTES, memoryBytes - PROGRAM_BYTES - processes * PROCESS_BYTES);
}

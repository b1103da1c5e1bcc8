import { processorMs, residentMb, treeOf } from '../support/process-tree.ts';

const SAMPLE_MS = 20;

/** What a program and all programs below it use, as a container would count it. */
export interface Meter {
  /** Processor time of all of them so far, ended ones included. */
  processorMs(): number;
  /** Highest memory so far, in MB. Pages that several of them share count once. */
  peakMb(): number;
  /** Ids of all of them. */
  pids(): number[];
  stop(): void;
}

/** @param roots ids of the topmost programs, asked for at each look */
export function startMeter(roots: () => readonly number[]): Meter {
  let peak = 0;
  const sumOf = (measure: (pid: number) => number) => roots().reduce((sum, pid) => sum + measure(pid), 0);
  const timer = setInterval(() => {
    peak = Math.max(peak, sumOf(residentMb));
  }, SAMPLE_MS);
  return {
    processorMs: () => sumOf(processorMs),
    peakMb: () => peak,
    pids: () => roots().flatMap(treeOf),
    stop: () => clearInterval(timer),
  };
}

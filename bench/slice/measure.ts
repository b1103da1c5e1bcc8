import { fork } from 'node:child_process';
import { once } from 'node:events';
import { residentMb } from '../../test/support/process-tree.ts';
import { messageOf } from '../child.ts';

/** What a program of this folder sends to its parent. */
export interface Report {
  readonly images: number;
  readonly faces: number;
  /** Milliseconds for all images together. */
  readonly totalMs: number;
  /** Milliseconds of processor time for all images together, of all processes. */
  readonly processorMs: number;
  /** Median milliseconds per image, one at a time, after the run above; 0 in the floor. */
  readonly oneFaceMs: number;
  readonly groupMs: number;
}

export interface Figures extends Report {
  /** Highest memory of all its processes, in MB. */
  readonly memoryMb: number;
}

const SAMPLE_MS = 25;

/** Runs the floor, or all stages of the checkout in `root`, in a process of its own. */
export async function measure(side: 'floor' | 'slice', root: string): Promise<Figures> {
  const child = fork(new URL(`./${side}.ts`, import.meta.url), [root], { execArgv: process.execArgv });
  let memoryMb = 0;
  const sampling = setInterval(() => {
    memoryMb = Math.max(memoryMb, residentMb(child.pid));
  }, SAMPLE_MS);
  const ended = once(child, 'exit');
  const report = (await messageOf(child)) as Report;
  await ended;
  clearInterval(sampling);
  const expected = (report.images / 6) * 22;
  if (report.faces !== expected) throw new Error(`${side} found ${report.faces} faces, not ${expected}`);
  return { ...report, memoryMb };
}

export function report(figures: Report): void {
  process.send!(figures);
  process.disconnect();
}

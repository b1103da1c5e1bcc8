import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Stage } from '../../shared/pipeline/outcome.ts';
import { messageOf } from '../child.ts';

export type Side = 'bare' | 'slice';

/** Measurements of one process. */
export interface Figures {
  readonly images: number;
  readonly faces: number;
  /** Milliseconds for all images together. */
  readonly totalMs: number;
  /** Median milliseconds per image, one at a time, after the run above. */
  readonly oneFaceMs: number;
  readonly groupMs: number;
  /** Milliseconds, one entry per image; empty for the bare loop. */
  readonly stages: Partial<Record<Stage, number[]>>;
  readonly rssMb: number;
}

/** Runs one side in its own process. */
export async function measure(side: Side): Promise<Figures> {
  const child = fork(new URL(`./${side}.ts`, import.meta.url), { execArgv: process.execArgv });
  const ended = once(child, 'exit');
  const figures = (await messageOf(child)) as Figures;
  await ended;
  const expected = (figures.images / 6) * 22;
  if (figures.faces !== expected) throw new Error(`${side} found ${figures.faces} faces, not ${expected}`);
  return figures;
}

export function report(figures: Figures): void {
  process.send!(figures);
  process.disconnect();
}

export const highestRssMb = () => process.resourceUsage().maxRSS / 1024;

import { readFileSync } from 'node:fs';

/** Ticks of /proc are 10 ms. Source: proc(5), `sysconf(_SC_CLK_TCK)`. */
const TICK_MS = 10;
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
  const tree = () => roots().flatMap((pid) => [pid, ...descendants(pid)]);
  const timer = setInterval(() => {
    peak = Math.max(
      peak,
      tree().reduce((sum, pid) => sum + proportionalMb(pid), 0),
    );
  }, SAMPLE_MS);
  return {
    processorMs: () => tree().reduce((sum, pid) => sum + ticks(pid) * TICK_MS, 0),
    peakMb: () => peak,
    pids: tree,
    stop: () => clearInterval(timer),
  };
}

export function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
}

export function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
}

/** Of the program itself and of its ended children: fields 14 to 17 of proc_pid_stat(5). */
function ticks(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

function proportionalMb(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
}

/** Empty when the program has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

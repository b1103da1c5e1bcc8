import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds between two measurements. */
const INTERVAL_MS = 100;

export interface MemoryWatch {
  /** The most that was measured, in MB. */
  max(): number;
  stop(): void;
}

/**
 * Measures a process and its children until it is stopped, and calls `exceeded` once if they need more. Only Linux tells
 * how much that is; elsewhere nothing is measured.
 */
export function watchMemory(pid: number | undefined, limitMb: number, exceeded: () => void): MemoryWatch {
  let max = 0;
  const measure = () => {
    const resident = megabytesOf(pid);
    // Processes share pages, so a sum that is too high is counted again without what is shared.
    const used = resident > limitMb ? sum(treeOf(pid).map(proportionalMb)) : resident;
    max = Math.max(max, used);
    if (used <= limitMb) return;
    clearInterval(timer);
    exceeded();
  };
  const timer = setInterval(measure, INTERVAL_MS);
  timer.unref();
  measure();
  return {
    max: () => max,
    stop: () => clearInterval(timer),
  };
}

function megabytesOf(pid: number | undefined): number {
  return sum(treeOf(pid).map(residentMb));
}

function treeOf(pid: number | undefined): number[] {
  const found = pid === undefined ? [] : [pid];
  for (const parent of found) found.push(...childrenOf(parent));
  return found;
}

function childrenOf(pid: number): number[] {
  return (
    read(() =>
      readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
        readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
      ),
    ) ?? []
  );
}

function residentMb(pid: number): number {
  const pages = read(() => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]));
  return ((pages ?? 0) * 4096) / 1024 / 1024;
}

function proportionalMb(pid: number): number {
  const text = read(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(/^Pss:\s+(\d+) kB/m.exec(text ?? '')?.[1] ?? 0) / 1024;
}

/** A process may end at any time, and other systems have no such files. */
function read<T>(from: () => T): T | undefined {
  try {
    return from();
  } catch {
    return undefined;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { readFileSync } from 'node:fs';

// Linux only: what a process uses together with all that it started.

/** Ticks of /proc are 10 ms. Source: proc(5), `sysconf(_SC_CLK_TCK)`. */
const TICK_MS = 10;

/** Megabytes in memory now. Pages that several of the processes share count once, as in a container. */
export function residentMb(pid: number = process.pid): number {
  return treeOf(pid).reduce((sum, each) => sum + proportionalMb(each), 0);
}

/** Processor time so far, in milliseconds, ended processes included. */
export function processorMs(pid: number = process.pid): number {
  return treeOf(pid).reduce((sum, each) => sum + ticksOf(each) * TICK_MS, 0);
}

/** The process and all below it. */
export function treeOf(pid: number): number[] {
  return [pid, ...descendants(pid)];
}

export function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap(treeOf);
}

export function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
}

/** Of the process and of its ended children: fields 14 to 17 of proc_pid_stat(5). */
function ticksOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

function proportionalMb(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
}

/** Empty when the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

import { readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface Usage {
  /** Processor time of all its threads, ended ones included. */
  readonly processorMs: number;
  readonly residentBytes: number;
}

/** `undefined` when it cannot be read: the process has ended, or the system is not Linux. */
export type ReadUsage = (pid: number) => Usage | undefined;

/** Linux counts in ticks of 10 ms, whatever its own timer. Source: proc(5), `sysconf(_SC_CLK_TCK)`. */
const TICK_MS = 10;

/** Source: proc_pid_stat(5), fields 14 (utime) and 15 (stime); proc_pid_status(5), VmRSS. */
export const readProcUsage: ReadUsage = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program is in brackets and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return { processorMs: ticks * TICK_MS, residentBytes: Number(resident?.[1] ?? 0) * 1024 };
  } catch {
    return undefined;
  }
};

/** Of this process, on any system. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { processorMs: (user + system) / 1000, residentBytes: process.memoryUsage.rss() };
}

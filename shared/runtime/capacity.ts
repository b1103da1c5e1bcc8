import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** The share of the machine that this process may use. */
export interface Capacity {
  /** May be a fraction. */
  readonly cores: number;
  readonly memoryBytes: number;
}

/**
 * A container sees all cores and memory of its machine. Its control group says how much of them it may use, and Function
 * Compute says it in `FC_FUNCTION_MEMORY_SIZE`, in MB.
 */
export function readCapacity(env: NodeJS.ProcessEnv = {}): Capacity {
  const limits = [process.constrainedMemory(), Number(env.FC_FUNCTION_MEMORY_SIZE) * 1024 * 1024];
  return {
    cores: Math.min(availableParallelism(), readCpuQuota(readCgroup)),
    memoryBytes: Math.min(totalmem(), ...limits.filter((limit) => limit > 0)),
  };
}

type ReadCgroup = (path: string) => string | undefined;

/**
 * Cores that the control group allows, or infinity. Source: Linux, `cgroup-v2.rst` (`cpu.max`: quota or `max`, then
 * period) and `sched-bwc.rst` (version 1: -1 means no quota).
 */
export function readCpuQuota(read: ReadCgroup): number {
  const [quota, period] = read('cpu.max')?.split(/\s+/) ?? [
    read('cpu/cpu.cfs_quota_us'),
    read('cpu/cpu.cfs_period_us'),
  ];
  const cores = Number(quota) / Number(period);
  return cores > 0 ? cores : Number.POSITIVE_INFINITY;
}

function readCgroup(path: string): string | undefined {
  try {
    return readFileSync(`/sys/fs/cgroup/${path}`, 'utf8').trim();
  } catch {
    // Not Linux, or the other version of control groups.
    return undefined;
  }
}

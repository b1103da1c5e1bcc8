import { mkdir, rmdir, writeFile } from 'node:fs/promises';

/** A group of processes that share a part of one processor. */
export interface CpuLimit {
  /** Into which a process writes its id to be one of them. */
  readonly procs: string;
  remove(): Promise<void>;
}

/** Microseconds: short, so that a process is slowed evenly instead of running free and then standing still. */
const PERIOD = 10_000;

const PLACES = [
  {
    folder: '/sys/fs/cgroup/cpu',
    settings: (quota: number) => ({ 'cpu.cfs_period_us': PERIOD, 'cpu.cfs_quota_us': quota }),
  },
  { folder: '/sys/fs/cgroup', settings: (quota: number) => ({ 'cpu.max': `${quota} ${PERIOD}` }) },
];

/** `undefined` with a reason where control groups may not be made, or are not there. */
export async function limitCpu(share: number): Promise<CpuLimit | string> {
  const reasons: string[] = [];
  for (const { folder, settings } of PLACES) {
    const group = `${folder}/mnsoss-bench-${process.pid}`;
    try {
      await mkdir(group);
    } catch (error) {
      reasons.push(String(error));
      continue;
    }
    try {
      // Control files exist: creating a file in a folder that is no control group would succeed in vain.
      const files = Object.entries(settings(Math.round(PERIOD * share)));
      for (const [file, value] of files) await writeFile(`${group}/${file}`, String(value), { flag: 'r+' });
      return { procs: `${group}/cgroup.procs`, remove: () => rmdir(group) };
    } catch (error) {
      reasons.push(String(error));
      await rmdir(group).catch(() => {});
    }
  }
  return reasons.join('; ');
}

import { mkdir, rmdir, writeFile } from 'node:fs/promises';

/** A control group whose processes share a part of one processor. */
export interface CpuLimit {
  /** File to which a process writes its id to join the group. */
  readonly procs: string;
  remove(): Promise<void>;
}

/** In microseconds. Short, so that a process is slowed evenly instead of alternating between full speed and pauses. */
const PERIOD = 10_000;

const CGROUP_VERSIONS = [
  {
    folder: '/sys/fs/cgroup/cpu',
    settings: (quota: number) => ({ 'cpu.cfs_period_us': PERIOD, 'cpu.cfs_quota_us': quota }),
  },
  { folder: '/sys/fs/cgroup', settings: (quota: number) => ({ 'cpu.max': `${quota} ${PERIOD}` }) },
];

/** Returns the reason as text where control groups are missing or not permitted. */
export async function limitCpu(share: number): Promise<CpuLimit | string> {
  const reasons: string[] = [];
  for (const { folder, settings } of CGROUP_VERSIONS) {
    const group = `${folder}/mnsoss-bench-${process.pid}`;
    try {
      await mkdir(group);
    } catch (error) {
      reasons.push(String(error));
      continue;
    }
    try {
      // `r+` fails when the control file does not exist, for example in a folder that is not a control group.
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

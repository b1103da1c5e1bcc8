import { readFileSync } from 'node:fs';

/** Resident megabytes of this process and of all that it started, as the kernel counts them now. Linux only. */
export function residentMb(pid: number = process.pid): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const own =
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  return (children === '' ? [] : children.split(' ')).reduce(
    (sum, child) => sum + residentMb(Number(child)),
    own,
  );
}

import { availableParallelism, cpus, loadavg } from 'node:os';

/** What a benchmark runs on. The load is that of the last minute. */
export function describeMachine(): string {
  const load = loadavg()[0]!.toFixed(1);
  return `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model}, load ${load}`;
}

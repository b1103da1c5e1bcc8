import { firstSignal } from '../shared/runtime/program.ts';

/** Resolves at SIGINT or SIGTERM. A second signal ends the process at once. */
export async function untilSignalled(): Promise<void> {
  const signal = await firstSignal('SIGINT', 'SIGTERM');
  process.once(signal, () => process.exit(1));
}

import type { DrainReport } from '../../shared/mns/consumer/index.ts';
import type { InvocationContext } from '../../shared/runtime/invocation-context.ts';

/** Loaded by the initializer or the first call, which then reports the error if loading fails. */
const load = () => import('./drain.ts');

// Function Compute's managed Node runtime: `index.initialize` and `index.handler`.

export async function initialize(): Promise<void> {
  (await load()).prepare();
}

/** Invoked by a timer. */
export async function handler(event: Uint8Array, context: InvocationContext): Promise<DrainReport> {
  return (await load()).drainOnTimer(event, context);
}

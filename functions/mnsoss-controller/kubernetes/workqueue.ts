import type { RuntimeDeps } from '../../../shared/runtime/deps.ts';
import { type Backoff, backoffDelay } from '../../../shared/runtime/retry.ts';

/**
 * Keys to reconcile. A key waits once, however often it is added. It is never reconciled twice at the same time, and again
 * when it was added in the meantime.
 */
export interface Workqueue {
  add(key: string): void;
  /** Keys that are due or being reconciled. */
  depth(): number;
  /** Starts. The returned function stops and waits for running calls. `work` must never reject. */
  run(work: (key: string) => Promise<RequeueDecision>): () => Promise<void>;
}

/** When a key is requeued by itself: `after` that many milliseconds, later with each failure, or never. */
export type RequeueDecision = { readonly after: number } | 'failed' | 'forget';

export interface WorkqueueOptions extends Pick<RuntimeDeps, 'clock' | 'random'> {
  readonly workers: number;
  readonly backoff: Backoff;
}

export function createWorkqueue({ clock, random, workers, backoff }: WorkqueueOptions): Workqueue {
  const waiting = new Set<string>();
  const active = new Map<string, Promise<void>>();
  const failures = new Map<string, number>();
  const timers = new Map<string, () => void>();
  let work: ((key: string) => Promise<RequeueDecision>) | undefined;

  function add(key: string): void {
    timers.get(key)?.();
    timers.delete(key);
    waiting.add(key);
    pump();
  }

  function pump(): void {
    if (!work) return;
    for (const key of waiting) {
      if (active.size >= workers) return;
      if (active.has(key)) continue;
      waiting.delete(key);
      active.set(key, once(key, work));
    }
  }

  async function once(key: string, handle: (key: string) => Promise<RequeueDecision>): Promise<void> {
    const decision = await handle(key);
    active.delete(key);
    if (decision === 'failed') {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      // Half of the delay is fixed, so that many keys that fail together are not retried at once.
      later(key, (backoffDelay(count, backoff, () => 1) + backoffDelay(count, backoff, random)) / 2);
    } else {
      failures.delete(key);
      if (decision !== 'forget') later(key, decision.after);
    }
    pump();
  }

  function later(key: string, ms: number): void {
    if (!work || waiting.has(key)) return;
    timers.set(
      key,
      clock.after(ms, () => add(key)),
    );
  }

  return {
    add,
    depth: () => waiting.size + active.size,
    run(handle) {
      work = handle;
      pump();
      return async () => {
        work = undefined;
        for (const cancel of timers.values()) cancel();
        timers.clear();
        failures.clear();
        waiting.clear();
        await Promise.all(active.values());
      };
    },
  };
}

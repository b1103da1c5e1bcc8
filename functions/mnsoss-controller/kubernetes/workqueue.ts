import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import { type Backoff, backoffDelay } from '../../../shared/runtime/retry.ts';

/**
 * Keys to work on. A key waits once however often it is added, is never worked on twice at the same time, and is
 * worked on again when it was added meanwhile.
 */
export interface Workqueue {
  add(key: string): void;
  /** Keys that wait or are worked on, without those for later. */
  depth(): number;
  /** Works from now on, until the returned function is called: it waits for what is under way. `work` never rejects. */
  run(work: (key: string) => Promise<Verdict>): () => Promise<void>;
}

/** When a key comes again by itself: after `ms`, later each time it fails, or never. */
export type Verdict = { readonly after: number } | 'failed' | 'forget';

export interface WorkqueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly workers: number;
  readonly backoff: Backoff;
}

export function createWorkqueue({ clock, random, workers, backoff }: WorkqueueOptions): Workqueue {
  const waiting = new Set<string>();
  const active = new Map<string, Promise<void>>();
  const failures = new Map<string, number>();
  const timers = new Map<string, () => void>();
  let work: ((key: string) => Promise<Verdict>) | undefined;

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

  async function once(key: string, handle: (key: string) => Promise<Verdict>): Promise<void> {
    const verdict = await handle(key);
    active.delete(key);
    if (verdict === 'failed') {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      // Half of the delay is certain, so that many keys that fail together do not spin.
      later(key, (backoffDelay(count, backoff, () => 1) + backoffDelay(count, backoff, random)) / 2);
    } else {
      failures.delete(key);
      if (verdict !== 'forget') later(key, verdict.after);
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

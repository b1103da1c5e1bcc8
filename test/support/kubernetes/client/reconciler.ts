/** Runs work by key: once at a time per key, and again after a growing delay when it failed. */
export interface Reconciler {
  enqueue(key: string): void;
  /** Waits for running work. */
  stop(): Promise<void>;
}

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2000;

export function createReconciler(
  reconcile: (key: string) => Promise<void>,
  onError: (key: string, error: unknown) => void,
): Reconciler {
  const waiting = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  let running: Promise<void> | undefined;
  let stopped = false;

  async function run(): Promise<void> {
    for (const key of waiting) {
      if (stopped) return;
      waiting.delete(key);
      try {
        await reconcile(key);
        failures.delete(key);
      } catch (error) {
        if (stopped) return;
        const count = failures.get(key) ?? 0;
        failures.set(key, count + 1);
        onError(key, error);
        const timer = setTimeout(
          () => {
            timers.delete(timer);
            enqueue(key);
          },
          Math.min(FIRST_RETRY_MS * 2 ** count, MAX_RETRY_MS),
        );
        timers.add(timer);
      }
    }
  }

  function enqueue(key: string): void {
    if (stopped) return;
    waiting.add(key);
    running ??= run().finally(() => {
      running = undefined;
      if (waiting.size > 0) enqueue([...waiting][0]!);
    });
  }

  return {
    enqueue,
    async stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      await running;
    },
  };
}

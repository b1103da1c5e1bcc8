import type { Clock } from '../../shared/runtime/clock.ts';

export interface Quotas {
  /** Counts a request; `false` if the quota of this second is used up. */
  take(accountId: string, operation: string): boolean;
  /** Sets the requests per second of one operation, or of all operations without a quota of their own. */
  set(quota: number, operation?: string): void;
  /** Restores the initial quotas. */
  clear(): void;
}

/** doc: 2 requests per second for each operation of a pay-as-you-go account. */
const DEFAULT_QUOTA = 2;

const WINDOW_MS = 1000;

/**
 * doc: counted in windows of one second, without carry-over; an excess request fails at once.
 * guess: windows begin at whole seconds, and a refused request does not count.
 */
export function createQuotas(
  clock: Clock,
  initial: number | ((operation: string) => number) = DEFAULT_QUOTA,
): Quotas {
  const initially = typeof initial === 'number' ? () => initial : initial;
  let others: number | undefined;
  const quotas = new Map<string, number>();
  const windows = new Map<string, { second: number; used: number }>();

  return {
    take(accountId, operation) {
      const second = Math.floor(clock.now() / WINDOW_MS);
      const name = `${accountId}/${operation}`;
      let window = windows.get(name);
      if (window?.second !== second) {
        window = { second, used: 0 };
        windows.set(name, window);
      }
      if (window.used >= (quotas.get(operation) ?? others ?? initially(operation))) return false;
      window.used++;
      return true;
    },
    set(quota, operation) {
      if (operation === undefined) others = quota;
      else quotas.set(operation, quota);
    },
    clear() {
      others = undefined;
      quotas.clear();
    },
  };
}
